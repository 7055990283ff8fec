import { useCallback, useEffect, useState, type RefObject } from 'react';
import { readStored, writeStored } from '../client/storage.ts';
import { loadPosition, momentOf, savePosition } from './position.ts';
import { silenceEndAt, type Silence } from './turns.ts';

const SAVE_EVERY_MS = 5000;
const SKIPS_SILENCE_KEY = 'tribune.skipsSilence';

export interface Player {
  readonly isPlaying: boolean;
  readonly isFailed: boolean;
  readonly positionMs: number;
  readonly rate: number;
  readonly skipsSilence: boolean;
  readonly toggle: () => void;
  /** Plays from there where it plays, else only moves. */
  readonly seek: (ms: number) => void;
  readonly playFrom: (ms: number) => void;
  readonly setRate: (rate: number) => void;
  /** Remembered for all recordings. */
  readonly setSkipsSilence: (skips: boolean) => void;
}

interface PlayerOptions {
  readonly audio: RefObject<HTMLAudioElement | null>;
  readonly recordingId: string;
  readonly durationMs: number;
  readonly silences: readonly Silence[];
}

/** Plays the one audio element of a replay: begins where the link says or where one was, and remembers where one is. */
export function usePlayer({ audio, recordingId, durationMs, silences }: PlayerOptions): Player {
  const [isPlaying, setIsPlaying] = useState(false);
  const [isFailed, setIsFailed] = useState(false);
  const [rate, setRateState] = useState(1);
  const [skipsSilence, setSkipsSilence] = useState(() => readStored(SKIPS_SILENCE_KEY) === true);
  const [positionMs, setPositionMs] = useState(
    () => momentOf(window.location.hash) ?? loadPosition(recordingId, durationMs),
  );

  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    const handleTime = () => setPositionMs(element.currentTime * 1000);
    const handlePlay = () => setIsPlaying(true);
    const handlePause = () => {
      setIsPlaying(false);
      savePosition(recordingId, element.currentTime * 1000);
    };
    const handleError = () => {
      setIsFailed(true);
      setIsPlaying(false);
    };
    const events = {
      timeupdate: handleTime,
      seeking: handleTime,
      play: handlePlay,
      pause: handlePause,
      error: handleError,
    };
    for (const [name, handle] of Object.entries(events)) element.addEventListener(name, handle);
    const timer = setInterval(() => {
      if (!element.paused) savePosition(recordingId, element.currentTime * 1000);
    }, SAVE_EVERY_MS);
    return () => {
      for (const [name, handle] of Object.entries(events)) element.removeEventListener(name, handle);
      clearInterval(timer);
    };
  }, [audio, recordingId]);

  useEffect(() => {
    const element = audio.current;
    if (!element || !skipsSilence) return;
    const handleTime = () => {
      const end = element.paused ? null : silenceEndAt(silences, element.currentTime * 1000);
      if (end !== null) element.currentTime = end / 1000;
    };
    element.addEventListener('timeupdate', handleTime);
    return () => element.removeEventListener('timeupdate', handleTime);
  }, [audio, silences, skipsSilence]);

  // A browser takes the place before it knows how long the sound is, and goes there with the first of it.
  useEffect(() => {
    if (audio.current) audio.current.currentTime = positionMs / 1000;
    // Once: from here on, the element says where it is.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [audio, recordingId]);

  useEffect(() => {
    const handleHash = () => {
      const moment = momentOf(window.location.hash);
      if (moment !== null && audio.current) audio.current.currentTime = moment / 1000;
    };
    window.addEventListener('hashchange', handleHash);
    return () => window.removeEventListener('hashchange', handleHash);
  }, [audio]);

  const seek = useCallback(
    (ms: number) => {
      const to = Math.max(0, Math.min(durationMs, ms));
      setPositionMs(to);
      if (audio.current) audio.current.currentTime = to / 1000;
    },
    [audio, durationMs],
  );
  const play = useCallback(() => {
    const element = audio.current;
    if (!element) return;
    // What failed is asked for anew.
    if (element.error) {
      const { currentTime } = element;
      element.load();
      element.currentTime = currentTime;
    }
    setIsFailed(false);
    // A refusal leaves it paused, which is what the page shows.
    element.play().catch(() => undefined);
  }, [audio]);

  // The lock screen is given it anew with each change, and time changes all the time.
  const toggle = useCallback(() => (audio.current?.paused === false ? audio.current.pause() : play()), [audio, play]);

  return {
    ...{ isPlaying, isFailed, positionMs, rate, skipsSilence, seek, toggle },
    playFrom: (ms) => {
      seek(ms);
      play();
    },
    setSkipsSilence: (skips) => {
      setSkipsSilence(skips);
      writeStored(SKIPS_SILENCE_KEY, skips || null);
    },
    setRate: (next) => {
      setRateState(next);
      if (audio.current) audio.current.playbackRate = next;
    },
  };
}
