import { LIMITS } from '@tribune/shared/domain.ts';
import type { RecordingInfo, ReplayInfo } from '@tribune/shared/recordings.ts';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../hooks/useApi.ts';
import { useNotify } from '../hooks/useNotify.ts';
import { useRun } from '../hooks/useRun.ts';
import { Button, Field } from '../ui/index.ts';
import { Dialog } from '../ui/overlay/index.ts';
import styles from './ClipDialog.module.css';
import { clock } from './clock.ts';
import { linkToClip } from './position.ts';

/** What one has just heard is what one wants to show. */
const BEFORE_MS = 30_000;

interface ClipDialogProps {
  readonly recording: RecordingInfo;
  readonly replay: ReplayInfo;
  readonly positionMs: number;
  readonly onMade: () => void;
  readonly onClose: () => void;
}

/** Makes a link of its own for a part of the recording. */
export function ClipDialog({ recording, replay, positionMs, onMade, onClose }: ClipDialogProps) {
  const { t } = useTranslation();
  const api = useApi();
  const run = useRun();
  const notify = useNotify();
  const title = useRef<HTMLInputElement>(null);
  const end = Math.floor(replay.durationMs / 1000);
  const [from, setFrom] = useState(() => Math.max(0, Math.floor((positionMs - BEFORE_MS) / 1000)));
  const [to, setTo] = useState(() =>
    Math.min(end, Math.max(from + 1, Math.floor(positionMs / 1000), BEFORE_MS / 1000)),
  );
  const most = LIMITS.clipMs / 1000;
  const handleSubmit = (event: FormEvent) => {
    event.preventDefault();
    const clip = { title: title.current?.value.trim() || recording.title, fromMs: from * 1000, toMs: to * 1000 };
    void run(async () => {
      const { id } = await api.createClip(recording.id, clip);
      const url = linkToClip(recording.id, id);
      const copied = await navigator.clipboard?.writeText(url).then(
        () => true,
        () => false,
      );
      notify({ id: 'share', text: copied ? t('share.copied') : t('share.failed', { url }) });
      onMade();
    });
  };
  const moveTo = (next: { from?: number; to?: number }) => {
    const begin = next.from ?? Math.min(from, (next.to ?? to) - 1);
    const finish = next.to ?? Math.max(to, begin + 1);
    // The other end follows, so that it is never empty and never too long.
    setFrom(next.from === undefined ? Math.max(begin, finish - most) : begin);
    setTo(next.to === undefined ? Math.min(finish, begin + most) : finish);
  };
  const times = [
    {
      label: t('clip.from'),
      value: from,
      min: 0,
      max: Math.max(0, end - 1),
      move: (next: number) => moveTo({ from: next }),
    },
    { label: t('clip.to'), value: to, min: 1, max: end, move: (next: number) => moveTo({ to: next }) },
  ];
  return (
    <Dialog title={t('clip.title')} description={t('clip.note')} onClose={onClose}>
      <form className={styles.form} onSubmit={handleSubmit}>
        <Field label={t('clip.name')}>
          {(control) => (
            <input
              {...control}
              ref={title}
              dir="auto"
              defaultValue={recording.title}
              maxLength={LIMITS.titleLength}
              required
            />
          )}
        </Field>
        {times.map(({ label, value, min, max, move }) => (
          <label key={label} className={styles.time}>
            <span>
              {label} <b>{clock(value * 1000)}</b>
            </span>
            <input
              type="range"
              min={min}
              max={max}
              value={value}
              aria-valuetext={clock(value * 1000)}
              onChange={({ target }) => move(Number(target.value))}
            />
          </label>
        ))}
        <p className={styles.note}>{t('clip.length', { time: clock((to - from) * 1000) })}</p>
        <Button type="submit" variant="primary" size="lg">
          {t('clip.make')}
        </Button>
      </form>
    </Dialog>
  );
}
