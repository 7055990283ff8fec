import type { ReplayInfo } from '@tribune/shared/recordings.ts';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import type { RecordingDetail } from '../sql/recording.ts';
import { describeReplay } from './describeReplay.ts';
import { RecordingFile } from './RecordingFile.ts';

/** Tables of an hour take about 1 MB. */
const MAX_KEPT = 32;
const KEPT_MS = 600_000;
/** The last segment of a recording that has just ended may still be on its way. */
const SETTLED_AFTER_MS = 10_000;
const UNSETTLED_KEPT_MS = 1000;

/** A recording that can be heard. */
export interface Replay {
  readonly file: RecordingFile;
  readonly replay: Omit<ReplayInfo, 'audio' | 'ogg'>;
  readonly etag: string;
}

interface Kept {
  readonly opened: Promise<Replay>;
  readonly until: number;
}

/** Opens recordings, and keeps those that were asked for lately: when a room ends, all of its listeners ask at once. */
export class Replays {
  readonly #objects: Pick<ObjectStore, 'get' | 'list'>;
  /** By id and end; the longest not used first. */
  readonly #kept = new Map<string, Kept>();

  constructor(objects: Pick<ObjectStore, 'get' | 'list'>) {
    this.#objects = objects;
  }

  /** @throws {StorageError} where the storage is away */
  async open(recording: RecordingDetail): Promise<Replay> {
    const key = `${recording.id} ${recording.endedAt}`;
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const kept = known && known.until > Date.now() ? known : this.#read(recording);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    try {
      return await kept.opened;
    } catch (error) {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
      throw error;
    }
  }

  #read(recording: RecordingDetail): Kept {
    const isSettled = Date.now() - (recording.endedAt ?? Infinity) > SETTLED_AFTER_MS;
    return { opened: this.#open(recording), until: Date.now() + (isSettled ? KEPT_MS : UNSETTLED_KEPT_MS) };
  }

  async #open(recording: RecordingDetail): Promise<Replay> {
    const file = await RecordingFile.open(this.#objects, recording);
    return { file, replay: describeReplay(file, recording), etag: `"${recording.endedAt ?? 0}-${file.bytes}"` };
  }
}
