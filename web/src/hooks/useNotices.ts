import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Notice } from '../state/types.ts';
import { microphoneProblem, problemOf } from '../i18n/problems.ts';
import { useNotify } from './useNotify.ts';
import { useRoomClient } from './useRoomClient.ts';

/** The text per cause; null where the page shows it by itself (a place in the queue, the dialog of an invitation), or where the error has it. */
const TEXTS = {
  handPlace: null,
  invited: null,
  inviteWithdrawn: 'notice.inviteWithdrawn',
  approved: 'notice.approved',
  declined: 'notice.declined',
  demoted: 'notice.demoted',
  muted: 'notice.muted',
  madeCohost: 'notice.madeCohost',
  cohostRemoved: 'notice.cohostRemoved',
  madeHost: 'notice.madeHost',
  flood: 'notice.flood',
  mediaUnreachable: 'notice.mediaUnreachable',
  skipped: 'notice.skipped',
  outputLost: 'notice.outputLost',
  microphoneReplaced: 'notice.microphoneReplaced',
  microphoneLost: 'notice.microphoneLost',
  microphoneSilenced: 'notice.microphoneSilenced',
  microphoneBack: 'notice.microphoneBack',
  recordingLost: 'recording.lost',
  recordingStalled: 'recording.stalled',
  refused: null,
  other: null,
} as const satisfies Record<Notice['cause'], string | null>;

/** Tells what others did to oneself, and what happened to one's sound, as toasts in a polite live region. */
export function useNotices(): void {
  const client = useRoomClient();
  const notify = useNotify();
  const { t } = useTranslation();
  useEffect(
    () =>
      client.onNotice((notice) => {
        if (notice.cause === 'refused') {
          const refusal = problemOf(notice.error);
          const [title, next] = [t(`problems.${refusal}.title`), t(`problems.${refusal}.next`)];
          return notify({ id: refusal, tone: 'error', text: title, detail: next });
        }
        const text = TEXTS[notice.cause];
        if (!text) return;
        const name = ('by' in notice && notice.by) || t('notice.someone');
        const problem = 'problem' in notice && microphoneProblem(notice.problem);
        notify({
          id: notice.cause,
          text: t(text, { name, count: 'seconds' in notice ? notice.seconds : 0 }),
          ...(problem && {
            tone: 'error',
            detail: `${t(`problems.${problem}.title`)}. ${t(`problems.${problem}.next`)}`,
          }),
        });
      }),
    [client, notify, t],
  );
}
