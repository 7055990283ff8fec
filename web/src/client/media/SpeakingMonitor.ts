import { readCsrc, voiceIdOf } from '@tribune/shared/voice.ts';
import { Listeners } from '../../state/Listeners.ts';

const POLL_MS = 100;
/** About -50 dBov: above the noise of a quiet room, below soft speech. */
const THRESHOLD = 0.003;
/** Long enough to bridge the gaps between words. */
const RELEASE_MS = 400;

/** The part of `RTCRtpReceiver` that tells whose sound a stream carried last, and how loud it was. */
export interface LevelSource {
  getSynchronizationSources(): readonly { readonly audioLevel?: number; readonly timestamp: number }[];
  getContributingSources(): readonly { readonly source: number; readonly timestamp: number }[];
}

interface Source {
  /** Null is the mix of everyone. */
  readonly userId: string | null;
  readonly receiver: LevelSource;
  /** Of the newest packet that was seen. Only compared with itself: browsers do not agree on the clock. */
  timestamp: number;
  /** Of the newest contributing source; browsers go on naming them for ten seconds. */
  contributedAt: number;
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
  readonly #sources = new Map<string, Source>();
  readonly #voices = new Map<string, Voice>();
  /** Who is meant by a voice of the mix: anyone who is shown. */
  readonly #userIds = new Map<number, string>();
  readonly #onSound: (() => void) | undefined;
  /** Who speaks where nothing is received that would tell. */
  #told: readonly string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param onSound called when a stream plays for the first time, loud or not; known to a tenth of a second. */
  constructor(onSound?: () => void) {
    this.#onSound = onSound;
  }

  /**
   * @param key names the stream; one person may have two for the moment in which one replaces the other.
   * @param userId whose voice it is; null is the mix, which names them itself.
   */
  addSource(key: string, userId: string | null, receiver: LevelSource): void {
    this.#sources.set(key, { userId, receiver, timestamp: 0, contributedAt: 0 });
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

  /** Those speak, until the next word: what comes over HTTP names nobody. */
  tell(userIds: readonly string[]): void {
    this.#told = userIds;
    if (userIds.length > 0) this.#run();
  }

  isSpeaking(userId: string): boolean {
    return this.#voices.get(userId)?.speaking ?? false;
  }

  get isAnyoneSpeaking(): boolean {
    return [...this.#voices.values()].some(({ speaking }) => speaking);
  }

  /** Calls back whenever `isSpeaking(userId)` changes. */
  subscribe(userId: string, listener: () => void): () => void {
    return this.#voiceOf(userId).listeners.add(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#sources.clear();
    this.#told = [];
    for (const voice of this.#voices.values()) setSpeaking(voice, false);
  }

  #run(): void {
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS);
  }

  #poll(): void {
    const now = performance.now();
    for (const source of this.#sources.values()) {
      const isNew = source.timestamp === 0;
      const isHeard = isLoud(source);
      if (source.userId === null) this.#hearMix(source);
      else if (isHeard) this.#hear(source.userId);
      if (isNew && source.timestamp > 0) this.#onSound?.();
    }
    for (const userId of this.#told) this.#hear(userId);
    let anySpeaking = false;
    for (const voice of this.#voices.values()) {
      if (voice.speaking && now - voice.heardAt > RELEASE_MS) setSpeaking(voice, false);
      anySpeaking ||= voice.speaking;
    }
    if (this.#sources.size > 0 || anySpeaking) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #hearMix(source: Source): void {
    for (const voiceId of newVoices(source)) {
      const userId = this.#userIds.get(voiceId);
      if (userId !== undefined) this.#hear(userId);
    }
  }

  #hear(userId: string): void {
    const voice = this.#voiceOf(userId);
    voice.heardAt = performance.now();
    setSpeaking(voice, true);
  }

  #voiceOf(userId: string): Voice {
    let voice = this.#voices.get(userId);
    if (!voice) {
      voice = { speaking: false, heardAt: 0, listeners: new Listeners() };
      this.#voices.set(userId, voice);
      this.#userIds.set(voiceIdOf(userId), userId);
    }
    return voice;
  }
}

/**
 * Has a loud packet come since the last look? Opus goes silent between words (DTX), and the browser goes on telling the level
 * of the last packet for seconds.
 */
function isLoud(source: Source): boolean {
  let level = 0;
  let newest = source.timestamp;
  for (const { audioLevel, timestamp } of source.receiver.getSynchronizationSources()) {
    if (timestamp <= newest) continue;
    newest = timestamp;
    level = audioLevel ?? 0;
  }
  source.timestamp = newest;
  return level >= THRESHOLD;
}

/** Voices in the mix since the last look. One voice is several sources over time, since its level is in the number. */
function newVoices(source: Source): number[] {
  const since = source.contributedAt;
  const fresh = source.receiver.getContributingSources().filter(({ timestamp }) => timestamp > since);
  source.contributedAt = Math.max(since, ...fresh.map(({ timestamp }) => timestamp));
  const voices = fresh.map((contribution) => readCsrc(contribution.source));
  return voices.filter(({ level }) => level > 0).map(({ voiceId }) => voiceId);
}

function setSpeaking(voice: Voice, speaking: boolean): void {
  if (voice.speaking === speaking) return;
  voice.speaking = speaking;
  voice.listeners.emit();
}
