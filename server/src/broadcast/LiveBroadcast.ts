import { HttpAudience } from './HttpAudience.ts';
import { LiveOgg } from './LiveOgg.ts';
import type { LiveReaders } from './LiveReaders.ts';
import { LiveStream } from './LiveStream.ts';
import type { TranscodedFormat, Transcoder, Transcoders } from './Transcoders.ts';
import { oggHead } from './writeOgg.ts';
import { readSegment, SEGMENT_MS, segmentName, INIT_SEGMENT } from './segment.ts';

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

/** How a room can be heard as one long response. */
export type LiveFormat = 'mp4' | 'ogg' | TranscodedFormat;

interface LiveBroadcastOptions {
  readonly readers: LiveReaders;
  readonly transcoders: Transcoders;
  /** See `HttpAudience`. */
  readonly maxPerAddress: number;
}

/**
 * A room as it is heard now over HTTP: its last segments, as HTTP Live Streaming (RFC 8216) has them, and a stream of fragments. Made
 * while somebody listens.
 */
export class LiveBroadcast {
  readonly #segments = new Map<number, Uint8Array>();
  /** Those who say that they hear it. */
  readonly audience: HttpAudience;
  readonly #readers: LiveReaders;
  readonly #transcoders: Transcoders;
  readonly #mp4: LiveStream;
  readonly #ogg: LiveStream;
  readonly #oggPages = new LiveOgg();
  readonly #transcoded = new Map<TranscodedFormat, Transcoder>();
  #newest: { readonly bytes: Buffer; readonly atMs: number } | null = null;
  #askedMs = -Infinity;

  constructor({ readers, transcoders, maxPerAddress }: LiveBroadcastOptions) {
    this.#readers = readers;
    this.#transcoders = transcoders;
    this.#mp4 = new LiveStream(readers, INIT_SEGMENT);
    this.#ogg = new LiveStream(readers, oggHead());
    this.audience = new HttpAudience(maxPerAddress);
  }

  /** Does somebody listen, or did they a moment ago? */
  get isWanted(): boolean {
    return (
      this.#mp4.count + this.#ogg.count > 0 ||
      [...this.#transcoded.values()].some(({ stream }) => stream.count > 0) ||
      performance.now() - this.#askedMs < WANTED_MS
    );
  }

  /** To be called with each request. */
  ask(): void {
    // Nobody listened for a while: what was made before that is no live sound.
    if (!this.isWanted) {
      this.#segments.clear();
      this.#mp4.clear();
      this.#ogg.clear();
    }
    this.#askedMs = performance.now();
  }

  /** @throws {AppError} NOT_FOUND where this server cannot encode it */
  async assertAvailable(format: LiveFormat): Promise<void> {
    if (format !== 'mp4' && format !== 'ogg') await this.#transcoders.assertAvailable(format);
  }

  /** What a response in this format may join. To be called where it is available. @throws {AppError} SERVER_BUSY, for what has to be encoded */
  openStream(format: LiveFormat): LiveStream {
    if (format === 'mp4') return this.#mp4;
    if (format === 'ogg') return this.#ogg;
    const known = this.#transcoded.get(format);
    if (known && !known.isOver) return known.stream;
    const started = this.#transcoders.start(format, this.#readers);
    this.#transcoded.set(format, started);
    return started.stream;
  }

  addFragment(bytes: Buffer): void {
    this.#newest = { bytes, atMs: performance.now() };
    this.#mp4.add(bytes);
    const page = this.#oggPages.write(bytes);
    this.#ogg.add(page);
    for (const [format, transcoder] of this.#transcoded) {
      transcoder.write(page);
      if (transcoder.isOver) this.#transcoded.delete(format);
    }
  }

  /** Voices that were heard in the newest fragment, by `voiceIdOf`; none where nobody listens over HTTP. */
  get voices(): ReadonlySet<number> {
    const isNew = this.#newest !== null && performance.now() - this.#newest.atMs < NEW_MS;
    const layout = isNew && this.#newest ? readSegment(this.#newest.bytes) : null;
    return new Set(layout?.voices.map(({ voiceId }) => voiceId));
  }

  /** The room is closed here. */
  close(): void {
    this.#mp4.end();
    this.#ogg.end();
    for (const transcoder of this.#transcoded.values()) transcoder.close();
    this.#transcoded.clear();
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
