import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MicrophoneOptions } from '../../state/types.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { Field } from '../../ui/index.ts';
import { SwitchField } from '../../ui/overlay/index.ts';
import styles from './MicrophoneDialog.module.css';

type Microphones = readonly { readonly deviceId: string; readonly label: string }[];

/** Input devices, read again when one is plugged in, and once the browser tells their names. */
function useMicrophones(ready: boolean): Microphones {
  const client = useRoomClient();
  const [microphones, setMicrophones] = useState<Microphones>([]);
  useEffect(() => {
    let over = false;
    const refresh = async () => {
      const found = await client.listMicrophones().catch(() => []);
      if (!over) setMicrophones(found);
    };
    const handleChange = () => void refresh();
    handleChange();
    // Absent in insecure contexts, whatever the type says.
    const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
    mediaDevices?.addEventListener('devicechange', handleChange);
    return () => {
      over = true;
      mediaDevices?.removeEventListener('devicechange', handleChange);
    };
  }, [client, ready]);
  return microphones;
}

interface MicrophoneOptionsFieldsProps {
  readonly options: MicrophoneOptions;
  /** The browser has given the microphone, and with it the names of devices. */
  readonly ready: boolean;
  readonly onChange: (changes: Partial<MicrophoneOptions>) => void;
}

export function MicrophoneOptionsFields({ options, ready, onChange }: MicrophoneOptionsFieldsProps) {
  const { t } = useTranslation();
  const microphones = useMicrophones(ready);
  const known = microphones.some(({ deviceId }) => deviceId === options.deviceId);
  return (
    <>
      <Field label={t('mic.device')}>
        {(control) => (
          <select
            {...control}
            value={known ? (options.deviceId ?? '') : ''}
            onChange={(event) => onChange({ deviceId: event.target.value || null })}
          >
            <option value="">{t('mic.deviceDefault')}</option>
            {microphones.map(({ deviceId, label }, index) => (
              <option key={deviceId} value={deviceId}>
                {label || t('mic.deviceUnnamed', { number: index + 1 })}
              </option>
            ))}
          </select>
        )}
      </Field>
      <div className={styles.switches}>
        <SwitchField
          label={t('mic.echo')}
          hint={t('mic.echoHint')}
          checked={options.echoCancellation}
          onChange={(echoCancellation) => onChange({ echoCancellation })}
        />
        <SwitchField
          label={t('mic.noise')}
          hint={t('mic.noiseHint')}
          checked={options.noiseSuppression}
          onChange={(noiseSuppression) => onChange({ noiseSuppression })}
        />
        <SwitchField
          label={t('mic.gain')}
          hint={t('mic.gainHint')}
          checked={options.autoGainControl}
          onChange={(autoGainControl) => onChange({ autoGainControl })}
        />
      </div>
    </>
  );
}
