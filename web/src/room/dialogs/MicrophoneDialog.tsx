import { useCallback, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { MicrophoneOptions } from '../../state/types.ts';
import { useMicrophoneOptions, useMicrophoneState } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRun } from '../../hooks/useRun.ts';
import { Button, Meter, Skeleton } from '../../ui/index.ts';
import { Dialog } from '../../ui/overlay/index.ts';
import styles from './MicrophoneDialog.module.css';
import { MicrophoneOptionsFields } from './MicrophoneOptionsFields.tsx';
import { MicrophoneProblemNote } from './MicrophoneProblemNote.tsx';

/**
 * Before anyone hears it: the level, the device, the processing. While the microphone is live, the same choices over what is
 * being sent.
 */
export default function MicrophoneDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const client = useRoomClient();
  const run = useRun();
  const microphone = useMicrophoneState();
  const options = useMicrophoneOptions();
  const live = microphone.kind === 'live';
  const subscribeLevel = useCallback((listener: (level: number) => void) => client.subscribeLevel(listener), [client]);
  const check = (changes: Partial<MicrophoneOptions> = {}) => void run(() => client.checkMicrophone(changes));
  useCheckOnOpen(check, live);

  const handleClose = () => {
    if (!live) client.releaseMicrophone();
    onClose();
  };
  const handlePublish = async () => {
    if (await run(() => client.publishMicrophone())) onClose();
  };

  return (
    <Dialog
      title={live ? t('mic.settings') : t('mic.checkTitle')}
      description={live ? t('mic.liveText') : t('mic.checkText')}
      onClose={handleClose}
    >
      {microphone.kind === 'failed' ? (
        <MicrophoneProblemNote problem={microphone.problem} onRetry={() => check()} />
      ) : microphone.kind === 'checking' || live ? (
        <Meter
          label={t('mic.level')}
          silentText={t('mic.silent')}
          heardText={t('mic.heard')}
          subscribe={subscribeLevel}
        />
      ) : (
        <div className={styles.waiting} role="status" aria-label={t('mic.starting')}>
          <Skeleton height="44px" />
          <Skeleton width="150px" height="1.35rem" />
        </div>
      )}
      <MicrophoneOptionsFields options={options} ready={microphone.kind === 'checking' || live} onChange={check} />
      <div className={styles.buttons}>
        {live ? (
          <Button variant="primary" size="lg" block onClick={onClose}>
            {t('mic.done')}
          </Button>
        ) : (
          <>
            <Button
              variant="primary"
              size="lg"
              block
              aria-disabled={microphone.kind !== 'checking'}
              onClick={() => microphone.kind === 'checking' && void handlePublish()}
            >
              {t('mic.publish')}
            </Button>
            <Button block onClick={handleClose}>
              {t('mic.stayMuted')}
            </Button>
          </>
        )}
      </div>
    </Dialog>
  );
}

/** Asks for the microphone once, when the dialog opens; one that is live is there already. */
function useCheckOnOpen(check: () => void, live: boolean): void {
  const asked = useRef(live);
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    check();
  });
}
