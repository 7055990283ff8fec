import type { RecordingInfo, ReplayCut, ReplayInfo } from '@tribune/shared/recordings.ts';
import { Download, Link as LinkIcon, Pause, Play, RotateCcw, RotateCw, SkipBack, SkipForward } from 'lucide-react';
import { useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useNotify } from '../hooks/useNotify.ts';
import { Button, IconButton } from '../ui/index.ts';
import { Choice, SwitchField } from '../ui/overlay/index.ts';
import { ChapterList } from './ChapterList.tsx';
import { ClipList } from './ClipList.tsx';
import { clock } from './clock.ts';
import { linkToMoment } from './position.ts';
import styles from './ReplayPlayer.module.css';
import { SpeakerList } from './SpeakerList.tsx';
import { SpeechBand } from './SpeechBand.tsx';
import { nextTurn, previousTurn, silencesOf } from './turns.ts';
import { usePlayer } from './usePlayer.ts';
import { usePlayerKeys } from './usePlayerKeys.ts';
import { useReplaySession } from './useReplaySession.ts';

const BACK_MS = 10_000;
const FORWARD_MS = 30_000;
const RATES = ['0.8', '1', '1.2', '1.5', '2'] as const;

interface ReplayPlayerProps {
  readonly recording: RecordingInfo;
  readonly replay: ReplayInfo;
  /** Where it is a clip of the recording. */
  readonly clipId?: string;
  /** Only where its host edits it: what of it nobody else hears. */
  readonly cuts?: readonly ReplayCut[];
  /** Below the player, with where one is, and a way to play from elsewhere. */
  readonly children?: (positionMs: number, playFrom: (ms: number) => void) => ReactNode;
}

/** Sound, and all the ways through it: by time, by speaker, by speed. */
export function ReplayPlayer({ recording, replay, clipId, cuts, children }: ReplayPlayerProps) {
  const { t } = useTranslation();
  const notify = useNotify();
  const audio = useRef<HTMLAudioElement>(null);
  // The path of a private one is another each time it is asked for, and the sound is not to begin anew.
  const [source] = useState(replay.audio);
  const { id, title, host } = recording;
  const { durationMs, turns, gaps, chapters } = replay;
  const silences = useMemo(() => silencesOf(turns, durationMs), [turns, durationMs]);
  const player = usePlayer({ audio, recordingId: cuts ? `${id}/uncut` : (clipId ?? id), durationMs, silences });
  const { isPlaying, isFailed, positionMs, rate, skipsSilence, toggle, seek, setRate, setSkipsSilence } = player;
  const skip = useSkips(audio, turns, seek);
  const actions = useMemo(
    () => ({
      play: toggle,
      pause: toggle,
      seekbackward: skip.back,
      seekforward: skip.forward,
      nexttrack: skip.toNext,
      previoustrack: skip.toPrevious,
    }),
    [toggle, skip],
  );
  useReplaySession({ title, artist: host.name, player, actions });
  usePlayerKeys({ ' ': toggle, k: toggle, j: skip.back, l: skip.forward, n: skip.toNext, p: skip.toPrevious });
  const copyMoment = async () => {
    const url = linkToMoment(clipId ? `/r/${id}/clip/${clipId}` : `/r/${id}/replay`, positionMs);
    const copied = await navigator.clipboard?.writeText(url).then(
      () => true,
      () => false,
    );
    notify({ id: 'share', text: copied ? t('share.copied') : t('share.failed', { url }) });
  };
  return (
    <section className={styles.player} aria-label={t('replay.player')}>
      {/* Without captions until there are transcripts. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <audio ref={audio} src={source} preload="metadata" />
      <SpeechBand replay={replay} cuts={cuts} positionMs={positionMs} onSeek={seek} />
      <p className={styles.times}>
        <span>{clock(positionMs)}</span>
        <span>{clock(durationMs)}</span>
      </p>
      <div className={styles.buttons}>
        <IconButton
          label={t('replay.previousSpeaker')}
          icon={<SkipBack size={22} />}
          aria-keyshortcuts="P"
          onClick={skip.toPrevious}
        />
        <IconButton label={t('replay.back')} icon={<RotateCcw size={22} />} aria-keyshortcuts="J" onClick={skip.back} />
        <IconButton
          label={isPlaying ? t('replay.pause') : t('replay.play')}
          icon={isPlaying ? <Pause size={28} /> : <Play size={28} />}
          tone="filled"
          className={styles.main}
          aria-keyshortcuts="K"
          onClick={toggle}
        />
        <IconButton
          label={t('replay.forward')}
          icon={<RotateCw size={22} />}
          aria-keyshortcuts="L"
          onClick={skip.forward}
        />
        <IconButton
          label={t('replay.nextSpeaker')}
          icon={<SkipForward size={22} />}
          aria-keyshortcuts="N"
          onClick={skip.toNext}
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
      <SwitchField
        label={t('replay.skipSilence')}
        hint={t('replay.skipSilenceHint')}
        checked={skipsSilence}
        onChange={setSkipsSilence}
      />
      {gaps.length > 0 && <p className={styles.note}>{t('replay.gaps', { count: gaps.length })}</p>}
      {children?.(positionMs, player.playFrom)}
      {!cuts && <ChapterList chapters={chapters} positionMs={positionMs} onPlayFrom={player.playFrom} />}
      <SpeakerList replay={replay} positionMs={positionMs} onPlayFrom={player.playFrom} />
      <div className={styles.links}>
        {!cuts && (
          <Button icon={<LinkIcon size={18} aria-hidden="true" />} onClick={() => void copyMoment()}>
            {t('replay.copyMoment')}
          </Button>
        )}
        <a className={styles.download} href={replay.ogg} download={`${title}.ogg`}>
          <Download size={18} aria-hidden="true" />
          {t('replay.downloadOgg')}
        </a>
        <a className={styles.download} href={replay.audio} download={`${title}.m4a`}>
          <Download size={18} aria-hidden="true" />
          {t('replay.downloadMp4')}
        </a>
      </div>
      {!cuts && !clipId && <ClipList recording={recording} replay={replay} positionMs={positionMs} />}
      <p className={styles.note}>{t('replay.keys')}</p>
    </section>
  );
}

/** The ways to skip, from where the sound is when they are taken. */
function useSkips(audio: RefObject<HTMLAudioElement | null>, turns: ReplayInfo['turns'], seek: (ms: number) => void) {
  return useMemo(() => {
    const now = () => (audio.current?.currentTime ?? 0) * 1000;
    return {
      back: () => seek(now() - BACK_MS),
      forward: () => seek(now() + FORWARD_MS),
      toNext: () => {
        const turn = nextTurn(turns, now());
        if (turn) seek(turn.fromMs);
      },
      toPrevious: () => seek(previousTurn(turns, now())?.fromMs ?? 0),
    };
  }, [audio, turns, seek]);
}
