import { HttpAudience } from './HttpAudience.ts';
import type { LiveReader, LiveReaders } from './LiveReaders.ts';
import { LiveStream } from './LiveStream.ts';
import { readSegment, SEGMENT_MS, segmentName, writeInitSegment } from './segment.ts';

/** In the playlist: what a player keeps, and what it may have missed. */
const LISTED = 6;
/** Kept: players may ask for what the playlist before listed. */
const KEPT = 10;
/** What was heard longer ago says nothing of now. */
const NEW_MS = 2500;
/** Whoever begins is so far from the end of the playlist: the shortest way that a late segment does not interrupt. */
const START_BEFORE_END_S = 4.5;
/** Players ask every 3 s: when none did for so long, nobody listens. */
const WANTED_MS = 20_000;

const INIT_SEGMENT = writeInitSegment();

/**
 * A room as it is heard now over HTTP: its last segments, as HTTP Live Streaming (RFC 8216) has them, and a stream of fragments. Made
 * while somebody listens.
 */
export class LiveBroadcast {
  readonly #segments = new Map<number, Uint8Array>();
  /** Those who say that they hear it. */
  readonly audience: HttpAudience;
  readonly #stream: LiveStream;
  #newest: { readonly bytes: Buffer; readonly atMs: number } | null = null;
  #askedMs = -Infinity;

  /** @param maxPerAddress see `HttpAudience` */
  constructor(readers: LiveReaders, maxPerAddress: number) {
    this.#stream = new LiveStream(readers, INIT_SEGMENT);
    this.audience = new HttpAudience(maxPerAddress);
  }

  /** Does somebody listen, or did they a moment ago? */
  get isWanted(): boolean {
    return this.#stream.count > 0 || performance.now() - this.#askedMs < WANTED_MS;
  }

  /** To be called with each request. */
  ask(): void {
    // Nobody listened for a while: what was made before that is no live sound.
    if (!this.isWanted) {
      this.#segments.clear();
      this.#stream.clear();
    }
    this.#askedMs = performance.now();
  }

  /** A response gets the stream for as long as the room is open. */
  join(reader: LiveReader): void {
    this.#stream.join(reader);
  }

  addFragment(bytes: Buffer): void {
    this.#newest = { bytes, atMs: performance.now() };
    this.#stream.add(bytes);
  }

  /** Voices that were heard in the newest fragment, by `voiceIdOf`; none where nobody listens over HTTP. */
  get voices(): ReadonlySet<number> {
    const isNew = this.#newest !== null && performance.now() - this.#newest.atMs < NEW_MS;
    const layout = isNew && this.#newest ? readSegment(this.#newest.bytes) : null;
    return new Set(layout?.voices.map(({ voiceId }) => voiceId));
  }

  /** The room is closed here. */
  close(): void {
    this.#stream.end();
  }

  add(index: number, bytes: Uint8Array): void {
    this.#segments.set(index, bytes);
    for (const old of this.#segments.keys()) if (old <= index - KEPT) this.#segments.delete(old);
  }

  /** Null where it is not there, or not any more. */
  find(index: number): Uint8Array | null {
    return this.#segments.get(index) ?? null;
  }

  /** Null while there is nothing to hear. */
  writePlaylist(): string | null {
    const newest = Math.max(...this.#segments.keys());
    if (!Number.isFinite(newest)) return null;
    const oldest = Math.max(Math.min(...this.#segments.keys()), newest - LISTED + 1);
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:8',
      `#EXT-X-TARGETDURATION:${SEGMENT_MS / 1000}`,
      `#EXT-X-MEDIA-SEQUENCE:${oldest}`,
      '#EXT-X-INDEPENDENT-SEGMENTS',
      `#EXT-X-START:TIME-OFFSET=-${START_BEFORE_END_S}`,
      '#EXT-X-MAP:URI="init.mp4"',
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(oldest * SEGMENT_MS).toISOString()}`,
    ];
    for (let index = oldest; index <= newest; index++) {
      if (!this.#segments.has(index)) lines.push('#EXT-X-GAP');
      lines.push(`#EXTINF:${(SEGMENT_MS / 1000).toFixed(3)},`, segmentName(index));
    }
    return `${lines.join('\n')}\n`;
  }
}
