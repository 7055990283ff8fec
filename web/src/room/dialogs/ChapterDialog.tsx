import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoomInfo } from '../../hooks/roomFacts.ts';
import { useApi } from '../../hooks/useApi.ts';
import { useNotify } from '../../hooks/useNotify.ts';
import { useRun } from '../../hooks/useRun.ts';
import { ChapterForm, Dialog } from '../../ui/overlay/index.ts';

/** Names the chapter of the recording that begins now: at the moment at which the dialog was opened. */
export default function ChapterDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const run = useRun();
  const notify = useNotify();
  const { id } = useRoomInfo();
  const [openedAt] = useState(() => performance.now());
  const add = async (title: string) => {
    const agoMs = Math.round(performance.now() - openedAt);
    if (!(await run(async () => api.addChapter(id, { title, agoMs })))) return false;
    notify({ id: 'chapter', text: t('recording.chapterAdded') });
    onClose();
    return true;
  };
  return (
    <Dialog title={t('recording.chapter')} description={t('recording.chapterNote')} onClose={onClose}>
      <ChapterForm label={t('recording.chapterTitle')} submit={t('edit.addChapter')} onSubmit={add} />
    </Dialog>
  );
}
