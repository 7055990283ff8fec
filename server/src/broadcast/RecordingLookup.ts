import type { RecordingDetail, Recordings } from '../sql/recording.ts';

/** Players ask for one part of the sound after another. */
const KEPT_MS = 1000;
/** Of one that goes on, people wait to hear that it is complete. */
const GOING_ON_KEPT_MS = 300;
const MAX_KEPT = 1000;

interface Kept {
  readonly found: Promise<RecordingDetail | null>;
  until: number;
}

/** Finds recordings, and keeps what it found for a second: it is several queries, and the same for all who listen. */
export class RecordingLookup {
  readonly #recordings: Pick<Recordings, 'find'>;
  readonly #kept = new Map<string, Kept>();

  constructor(recordings: Pick<Recordings, 'find'>) {
    this.#recordings = recordings;
  }

  /** What is not there is not kept: it may be there at once. */
  async find(id: string): Promise<RecordingDetail | null> {
    const known = this.#kept.get(id);
    if (known && known.until > performance.now()) return known.found;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const kept = { found: this.#recordings.find(id), until: performance.now() + KEPT_MS };
    this.#kept.set(id, kept);
    const drop = () => {
      if (this.#kept.get(id) === kept) this.#kept.delete(id);
    };
    try {
      const recording = await kept.found;
      if (!recording) drop();
      else if (recording.state !== 'ready') kept.until = performance.now() + GOING_ON_KEPT_MS;
      return recording;
    } catch (error) {
      drop();
      throw error;
    }
  }

  /** It was changed. */
  forget(id: string): void {
    this.#kept.delete(id);
  }
}
