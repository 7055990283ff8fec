import { LIMITS } from '@tribune/shared/domain.ts';
import { VISIBILITIES, type RecordingInfo } from '@tribune/shared/recordings.ts';
import { Scissors } from 'lucide-react';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useApi } from '../hooks/useApi.ts';
import { useNotify } from '../hooks/useNotify.ts';
import { useRun } from '../hooks/useRun.ts';
import { Button, Field } from '../ui/index.ts';
import { Choice, ConfirmDialog } from '../ui/overlay/index.ts';
import styles from './HostTools.module.css';

interface HostToolsProps {
  readonly recording: RecordingInfo;
  readonly onChanged: () => void;
  /** Undefined while it is edited. */
  readonly onEdit: (() => void) | undefined;
}

/** What its host alone sees: the title, who can hear it, and the way to delete it. */
export function HostTools({ recording: { id, title, visibility }, onChanged, onEdit }: HostToolsProps) {
  const { t } = useTranslation();
  const api = useApi();
  const run = useRun();
  const notify = useNotify();
  const [, navigate] = useLocation();
  const [isDeleting, setIsDeleting] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const change = async (changes: Parameters<typeof api.changeRecording>[1]) => {
    if (!(await run(async () => api.changeRecording(id, changes)))) return;
    notify({ id: 'recording', text: t('replay.saved') });
    onChanged();
  };
  const handleSubmit = (event: FormEvent) => {
    event.preventDefault();
    const next = input.current?.value.trim() ?? '';
    if (next !== '' && next !== title) void change({ title: next });
  };
  const handleDelete = async () => {
    setIsDeleting(false);
    if (!(await run(async () => api.deleteRecording(id)))) return;
    notify({ id: 'recording', text: t('replay.deleted') });
    navigate('/');
  };
  return (
    <section className={styles.tools} aria-labelledby="replay-host">
      <h2 id="replay-host" className={styles.heading}>
        {t('replay.hostTitle')}
      </h2>
      <form className={styles.rename} onSubmit={handleSubmit}>
        <Field label={t('replay.rename')}>
          {(control) => (
            <input {...control} ref={input} dir="auto" defaultValue={title} maxLength={LIMITS.titleLength} required />
          )}
        </Field>
        <Button type="submit">{t('replay.save')}</Button>
      </form>
      <Choice
        label={t('replay.visibility')}
        value={visibility}
        options={VISIBILITIES.map((value) => ({ value, label: t(`replay.${value}`) }))}
        onChange={(value) => void change({ visibility: value })}
      />
      {onEdit && (
        <Button icon={<Scissors size={18} aria-hidden="true" />} onClick={onEdit}>
          {t('edit.open')}
        </Button>
      )}
      <Button variant="danger" onClick={() => setIsDeleting(true)}>
        {t('replay.delete')}
      </Button>
      {isDeleting && (
        <ConfirmDialog
          danger
          title={t('replay.deleteTitle')}
          text={t('replay.deleteText')}
          confirm={t('replay.delete')}
          onConfirm={() => void handleDelete()}
          onCancel={() => setIsDeleting(false)}
        />
      )}
    </section>
  );
}
