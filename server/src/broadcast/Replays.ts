import { createHash } from 'node:crypto';
import type { ReplayInfo } from '@tribune/shared/recordings.ts';
import { LRUCache } from 'lru-cache';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import type { Clip, RecordingDetail } from '../sql/recording.ts';
import { describeReplay } from './describeReplay.ts';
import { chaptersOf } from './chapters.ts';
import { keptOf, piecesOf, recordedOf, within, type Piece, type Stretch } from './kept.ts';
import { RecordingFile, type FileContent } from './RecordingFile.ts';
import { readFragment } from './readFragment.ts';
import { SegmentLayouts } from './SegmentLayouts.ts';
import { GIVE_UP_MS } from './SegmentQueue.ts';
import { parsePieceName, writePlaylist } from './writePlaylist.ts';

/** Tables of an hour take about 1 MB. */
const MAX_KEPT = 32;
const KEPT_MS = 600_000;
/** The last segments of a recording that has just ended may still be on their way. */
const SETTLED_AFTER_MS = GIVE_UP_MS + 10_000;
const UNSETTLED_KEPT_MS = 1000;

/** A recording that can be heard. */
export interface Replay {
  readonly file: RecordingFile;
  readonly replay: ReplaySound;
  readonly etag: string;
}

/** What follows from the segments alone. */
export type ReplaySound = Omit<ReplayInfo, 'audio' | 'ogg' | 'hls'>;

/** Opens recordings, and keeps those that were asked for lately: when a room ends, all of its listeners ask at once. */
export class Replays {
  readonly #objects: Pick<ObjectStore, 'get' | 'list'>;
  readonly #layouts = new LRUCache<string, SegmentLayouts>({ max: MAX_KEPT });
  readonly #opened = new LRUCache<string, Promise<Replay>>({ max: MAX_KEPT });

  constructor(objects: Pick<ObjectStore, 'get' | 'list'>) {
    this.#objects = objects;
  }

  /** As everyone hears it. @throws {StorageError} where the storage is away */
  async open(recording: RecordingDetail): Promise<Replay> {
    return this.#openContent(recording, contentOf(recording, keptOf(recording)));
  }

  /** With what its host has cut out. @throws {StorageError} where the storage is away */
  async openUncut(recording: RecordingDetail): Promise<Replay> {
    const uncut = { ...recording, cuts: [] };
    return this.#openContent(uncut, contentOf(uncut, recordedOf(uncut)));
  }

  /** What is kept of a clip. @throws {StorageError} where the storage is away */
  async openClip(recording: RecordingDetail, { title, from, to }: Clip): Promise<Replay> {
    const stretches = within(keptOf(recording), { from, to });
    return this.#openContent(recording, { stretches, title, chapters: [] });
  }

  /** What everyone hears of it, also while it goes on, as a playlist of HTTP Live Streaming (RFC 8216). */
  playlist(recording: RecordingDetail): string {
    return writePlaylist(piecesOf(keptOf(recording)), { isComplete: recording.state === 'ready' });
  }

  /** A segment of the playlist; null where none of that name is in it. @throws {StorageError} where the storage is away */
  async readPiece(recording: RecordingDetail, name: string): Promise<Buffer | null> {
    const piece = parsePieceName(name);
    // Whatever is stored: the node that listed it may have a clock that is ahead of this one's.
    if (!piece || !piecesOf(keptOf(recording, Infinity)).some((kept) => isSame(kept, piece))) return null;
    const layouts = this.#layoutsOf(recording);
    await layouts.read([piece.index]);
    return readFragment(layouts, piece);
  }

  #layoutsOf(recording: RecordingDetail): SegmentLayouts {
    const key = `${recording.id} ${recording.endedAt}`;
    const known = this.#layouts.get(key);
    if (known) return known;
    const layouts = new SegmentLayouts(this.#objects, recording.id);
    this.#layouts.set(key, layouts, { ttl: this.#ttlOf(recording) });
    return layouts;
  }

  #ttlOf(recording: RecordingDetail): number {
    return this.isSettled(recording) ? KEPT_MS : UNSETTLED_KEPT_MS;
  }

  /** Nothing of it can come any more. */
  isSettled({ endedAt }: Pick<RecordingDetail, 'endedAt'>): boolean {
    return Date.now() - (endedAt ?? Infinity) > SETTLED_AFTER_MS;
  }

  async #openContent(recording: RecordingDetail, content: FileContent): Promise<Replay> {
    const { id, endedAt } = recording;
    const version = hashOf(content);
    const key = `${id} ${endedAt} ${version}`;
    const known = this.#opened.get(key);
    if (known) return known;
    const opening = this.#open(this.#layoutsOf(recording), recording, content, version);
    this.#opened.set(key, opening, { ttl: this.#ttlOf(recording) });
    try {
      return await opening;
    } catch (error) {
      if (this.#opened.peek(key) === opening) this.#opened.delete(key);
      throw error;
    }
  }

  async #open(
    layouts: SegmentLayouts,
    recording: RecordingDetail,
    content: FileContent,
    version: string,
  ): Promise<Replay> {
    const file = await RecordingFile.open(layouts, content);
    const etag = `"${recording.endedAt ?? 0}-${file.bytes}-${version}"`;
    return { file, replay: describeReplay(file, recording), etag };
  }
}

/** Another where the host has changed what everyone hears. */
export function versionOf(recording: RecordingDetail): string {
  return hashOf(contentOf(recording, keptOf(recording)));
}

function hashOf(content: FileContent): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 12);
}

function contentOf(recording: RecordingDetail, stretches: readonly Stretch[]): FileContent {
  return { stretches, title: recording.title, chapters: chaptersOf(recording) };
}

function isSame(a: Piece, b: Piece): boolean {
  return a.index === b.index && a.first === b.first && a.count === b.count;
}
