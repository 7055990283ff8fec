import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { linkTo } from '../../client/basePath.ts';
import { useRoomInfo } from '../../hooks/roomFacts.ts';
import { useNotify } from '../../hooks/useNotify.ts';

export interface Share {
  /** Has the system a sheet for it? Else the link is copied. */
  readonly native: boolean;
  readonly label: string;
  readonly share: () => void;
}

/** Passes the room's link on: the system's sheet where there is one, else the clipboard, else the link to read. */
export function useShare(): Share {
  const { t } = useTranslation();
  const notify = useNotify();
  const { id, title } = useRoomInfo();
  const native = typeof navigator.share === 'function';
  const share = useCallback(async () => {
    const url = linkTo(`/r/${id}`);
    try {
      if (native) return await navigator.share({ title, text: t('share.text'), url });
      await navigator.clipboard.writeText(url);
      notify({ id: 'share', text: t('share.copied') });
    } catch (error) {
      // Closing the sheet is a choice, not a failure.
      if (error instanceof DOMException && error.name === 'AbortError') return;
      notify({ id: 'share', text: t('share.failed', { url }) });
    }
  }, [id, title, native, notify, t]);
  return { native, label: native ? t('action.share') : t('action.copyLink'), share: () => void share() };
}
