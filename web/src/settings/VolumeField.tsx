import { Volume2 } from 'lucide-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { loadVolume, saveVolume } from './volume.ts';
import styles from './VolumeField.module.css';

export function VolumeField({ onChange }: { readonly onChange: (volume: number) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [volume, setVolume] = useState(loadVolume);
  const handleChange = (value: number) => {
    setVolume(value);
    saveVolume(value);
    onChange(value);
  };
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {t('settings.volume')}
      </label>
      <div className={styles.row}>
        <Volume2 size={20} aria-hidden="true" />
        <input
          id={id}
          className={styles.range}
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={volume}
          aria-valuetext={`${Math.round(volume * 100)}%`}
          onChange={(event) => handleChange(event.target.valueAsNumber)}
        />
      </div>
    </div>
  );
}
