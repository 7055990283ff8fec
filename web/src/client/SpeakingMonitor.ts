import { Listeners } from './Listeners.ts';

const POLL_MS = 100;
/** About -50 dBov: above the noise of a quiet room, below soft speech. */
const THRESHOLD = 0.003;
/** Opus goes silent (DTX) between words, and a level that is not fresh says nothing about now. */
const FRESH_MS = 300;
/** Long enough to bridge the gaps between words. */
const RELEASE_MS = 400;

/** The part of `RTCRtpReceiver` that tells how loud a stream was last. */
export interface LevelSource {
  getSynchronizationSources(): readonly { readonly audioLevel?: number; readonly timestamp: number }[];
}

interface Voice {
  speaking: boolean;
  /** Time of the last level above the threshold. */
  heardAt: number;
  readonly listeners: Listeners<[]>;
}

/**
 * Who is speaking, derived from the received streams themselves, so that it is in step with the sound and costs no message.
 * A voice counts as speaking from its first loud packet until it has been quiet for a moment.
 */
export class SpeakingMonitor {
  readonly #now: () => number;
  readonly #sources = new Map<string, { readonly userId: string; readonly source: LevelSource }>();
  readonly #voices = new Map<string, Voice>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param now in the clock of `RTCRtpContributingSource.timestamp`: Unix time in ms. */
  constructor(now: () => number = () => performance.timeOrigin + performance.now()) {
    this.#now = now;
  }

  /** @param key names the stream; one person may have two for the moment in which one replaces the other. */
  addSource(key: string, userId: string, source: LevelSource): void {
    this.#sources.set(key, { userId, source });
    this.#run();
  }

  removeSource(key: string): void {
    this.#sources.delete(key);
  }

  /** For one's own voice, which no stream brings back. @param level as `audioLevel`: linear, 1 is full scale. */
  reportLevel(userId: string, level: number): void {
    if (level < THRESHOLD) return;
    this.#hear(userId);
    this.#run();
  }

  isSpeaking(userId: string): boolean {
    return this.#voices.get(userId)?.speaking ?? false;
  }

  /** Calls back whenever `isSpeaking(userId)` changes. */
  subscribe(userId: string, listener: () => void): () => void {
    return this.#voiceOf(userId).listeners.add(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#sources.clear();
    for (const voice of this.#voices.values()) setSpeaking(voice, false);
  }

  #run(): void {
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS);
  }

  #poll(): void {
    const now = this.#now();
    for (const { userId, source } of this.#sources.values()) {
      const loud = source
        .getSynchronizationSources()
        .some(({ audioLevel, timestamp }) => (audioLevel ?? 0) >= THRESHOLD && now - timestamp < FRESH_MS);
      if (loud) this.#hear(userId);
    }
    let anySpeaking = false;
    for (const voice of this.#voices.values()) {
      if (voice.speaking && now - voice.heardAt > RELEASE_MS) setSpeaking(voice, false);
      anySpeaking ||= voice.speaking;
    }
    if (this.#sources.size > 0 || anySpeaking) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #hear(userId: string): void {
    const voice = this.#voiceOf(userId);
    voice.heardAt = this.#now();
    setSpeaking(voice, true);
  }

  #voiceOf(userId: string): Voice {
    let voice = this.#voices.get(userId);
    if (!voice) {
      voice = { speaking: false, heardAt: 0, listeners: new Listeners() };
      this.#voices.set(userId, voice);
    }
    return voice;
  }
}

function setSpeaking(voice: Voice, speaking: boolean): void {
  if (voice.speaking === speaking) return;
  voice.speaking = speaking;
  voice.listeners.emit();
}
