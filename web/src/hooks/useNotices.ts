import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Notice } from '../state/types.ts';
import { useNotify } from './useNotify.ts';
import { useRoomClient } from './useRoomClient.ts';

/** The text per cause; null where the page shows it by itself (a place in the queue, the dialog of an invitation). */
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
  other: null,
} as const satisfies Record<Notice['cause'], string | null>;

/** Tells what others did to oneself, as toasts in a polite live region. */
export function useNotices(): void {
  const client = useRoomClient();
  const notify = useNotify();
  const { t } = useTranslation();
  useEffect(
    () =>
      client.onNotice(({ cause, by }) => {
        const text = TEXTS[cause];
        if (text) notify({ id: cause, text: t(text, { name: by ?? t('notice.someone') }) });
      }),
    [client, notify, t],
  );
}
