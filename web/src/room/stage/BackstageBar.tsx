import { Radio } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useListenerCount } from '../../hooks/roomFacts.ts';
import { useRoomCommands } from '../../hooks/useRoomCommands.ts';
import { useRun } from '../../hooks/useRun.ts';
import { useFormat } from '../../i18n/useFormat.ts';
import { Button } from '../../ui/index.ts';
import styles from './BackstageBar.module.css';

/** Says that nobody outside hears this yet, how many are waiting, and holds the one button that changes it. */
export function BackstageBar() {
  const { t } = useTranslation();
  const format = useFormat();
  const run = useRun();
  const { goLive } = useRoomCommands();
  const listeners = useListenerCount();
  const [pending, setPending] = useState(false);
  const handleGoLive = async () => {
    if (!goLive) return;
    setPending(true);
    await run(goLive);
    setPending(false);
  };
  return (
    <section className={styles.bar} aria-labelledby="backstage">
      <div className={styles.words}>
        <h2 id="backstage" className={styles.title}>
          {t('backstage.title')}
        </h2>
        <p className={styles.text}>{goLive ? t('backstage.text') : t('backstage.textGuest')}</p>
        <p className={styles.count}>
          {listeners === 0
            ? t('backstage.waitingNone')
            : t('backstage.waiting', { count: listeners, value: format.count(listeners) })}
        </p>
      </div>
      {goLive && (
        <Button
          variant="ember"
          size="lg"
          pending={pending}
          icon={<Radio size={22} aria-hidden="true" />}
          onClick={() => void handleGoLive()}
        >
          {t('backstage.goLive')}
        </Button>
      )}
    </section>
  );
}
