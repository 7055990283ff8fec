import { Pause, Play, Radio } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '../ui/index.ts';
import { Choice } from '../ui/overlay/index.ts';
import { clock } from './clock.ts';
import styles from './ReplayPlayer.module.css';
import { usePlaylist } from './usePlaylist.ts';

const RATES = ['1', '1.2', '1.5', '2'] as const;
const FIRST_RATE = 1.5;
const CHECK_EVERY_MS = 500;
/** The next segment is being made: whoever waits for it hears no less by going over to the room. */
const CAUGHT_UP_MS = 3500;

interface CatchUpProps {
  /** Path of a playlist that grows. */
  readonly soFar: string;
  readonly onLive: () => void;
}

/** Plays a room that is on from its beginning, faster than it goes on, until one has caught up. */
export function CatchUp({ soFar, onLive }: CatchUpProps) {
  const { t } = useTranslation();
  const audio = useRef<HTMLAudioElement>(null);
  // The path of a private one is another each time it is asked for.
  const [source] = useState(soFar);
  const { isFailed, retry } = usePlaylist(audio, source);
  const [rate, setRate] = useState(FIRST_RATE);
  const [isPlaying, setIsPlaying] = useState(false);
  const [behindMs, setBehindMs] = useState<number | null>(null);
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    const handleState = () => setIsPlaying(!element.paused);
    const timer = setInterval(() => {
      const { seekable, currentTime, paused } = element;
      if (seekable.length === 0) return;
      const behind = (seekable.end(seekable.length - 1) - currentTime) * 1000;
      setBehindMs(behind);
      if (!paused && currentTime > 0 && behind < CAUGHT_UP_MS) onLive();
    }, CHECK_EVERY_MS);
    element.addEventListener('play', handleState);
    element.addEventListener('pause', handleState);
    return () => {
      clearInterval(timer);
      element.removeEventListener('play', handleState);
      element.removeEventListener('pause', handleState);
    };
  }, [onLive]);
  useEffect(() => {
    const element = audio.current;
    if (element) element.defaultPlaybackRate = element.playbackRate = rate;
  }, [rate]);
  const play = () => {
    if (isFailed) retry();
    // A refusal leaves it paused, which is what the page shows.
    audio.current?.play().catch(() => undefined);
  };
  return (
    <section className={styles.player} aria-label={t('replay.player')}>
      {/* Without captions until there are transcripts. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <audio ref={audio} autoPlay />
      <p className={styles.times}>
        <span>{behindMs === null ? t('replay.loading') : t('fromStart.behind', { time: clock(behindMs) })}</span>
      </p>
      <div className={styles.buttons}>
        <IconButton
          label={isPlaying ? t('replay.pause') : t('replay.play')}
          icon={isPlaying ? <Pause size={28} /> : <Play size={28} />}
          tone="filled"
          className={styles.main}
          onClick={() => (isPlaying ? audio.current?.pause() : play())}
        />
      </div>
      {isFailed && (
        <p className={styles.failed} role="alert">
          {t('replay.failed')}
        </p>
      )}
      <Choice
        label={t('replay.speed')}
        value={String(rate)}
        options={RATES.map((value) => ({ value, label: `${value}×` }))}
        onChange={(value) => setRate(Number(value))}
      />
      <Button icon={<Radio size={18} aria-hidden="true" />} onClick={onLive}>
        {t('fromStart.goLive')}
      </Button>
    </section>
  );
}
