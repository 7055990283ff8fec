import type { ReplayChapter } from '@tribune/shared/recordings.ts';
import type { Chapter } from '../sql/recording.ts';
import { placeChapters } from './chapters.ts';
import { piecesOf, type Stretch } from './kept.ts';
import { SAMPLE_MS, SEGMENT_MS, type SegmentLayout } from './segment.ts';
import type { SegmentLayouts } from './SegmentLayouts.ts';
import { SILENT_PACKET } from './silence.ts';
import { writeFileHead } from './wholeFile.ts';

/** Some samples of one segment that follow each other. */
export interface Part {
  readonly index: number;
  /** Null where the segment is not there: it is silent. */
  readonly layout: SegmentLayout | null;
  /** Place of the first sample in the segment. */
  readonly first: number;
  readonly sampleBytes: readonly number[];
  /** Where its bytes begin, in the segment and among all samples of the file. */
  readonly dataAt: number;
  readonly at: number;
  readonly bytes: number;
  /** When it is heard, in ms from the beginning of the file, and when it was said, in Unix time. */
  readonly atMs: number;
  readonly recordedAtMs: number;
}

/** What a file is made of. */
export interface FileContent {
  readonly stretches: readonly Stretch[];
  readonly title: string;
  readonly chapters: readonly Chapter[];
}

/**
 * A recording, or what is kept of it, as one MP4 file, which is nowhere stored: the tables are made from the segments, and the samples
 * are read from them as they are asked for. Where sound is missing, it is silent.
 */
export class RecordingFile {
  readonly parts: readonly Part[];
  readonly title: string;
  readonly chapters: readonly ReplayChapter[];
  readonly bytes: number;
  readonly #layouts: SegmentLayouts;
  readonly #head: Buffer;

  private constructor(layouts: SegmentLayouts, { stretches, title, chapters }: FileContent) {
    this.#layouts = layouts;
    this.parts = [...cutParts(layouts, stretches)];
    this.title = title;
    this.chapters = placeChapters(chapters, (ms) => this.toFileMs(ms), this.durationMs);
    this.#head = writeFileHead(this.parts, this);
    const last = this.parts.at(-1);
    this.bytes = this.#head.length + (last ? last.at + last.bytes : 0);
  }

  /** @throws {StorageError} where the storage is away */
  static async open(layouts: SegmentLayouts, content: FileContent): Promise<RecordingFile> {
    await layouts.read(piecesOf(content.stretches).map(({ index }) => index));
    return new RecordingFile(layouts, content);
  }

  get durationMs(): number {
    const last = this.parts.at(-1);
    return last ? last.atMs + last.sampleBytes.length * SAMPLE_MS : 0;
  }

  /** Whether what was said then is in it. */
  has(recordedMs: number): boolean {
    return this.parts.some(
      ({ recordedAtMs, sampleBytes }) =>
        recordedAtMs <= recordedMs && recordedMs < recordedAtMs + sampleBytes.length * SAMPLE_MS,
    );
  }

  /** When in the file one hears what was said then; the next that is kept where that was cut. The end where nothing is. */
  toFileMs(recordedMs: number): number {
    const part = this.parts.find(
      ({ recordedAtMs, sampleBytes }) => recordedMs < recordedAtMs + sampleBytes.length * SAMPLE_MS,
    );
    return part ? part.atMs + Math.max(0, recordedMs - part.recordedAtMs) : this.durationMs;
  }

  /** When was said what one hears at this time of the file. The end of a stretch belongs to it, and not to the one after. */
  toRecordedMs(fileMs: number): number {
    const part = this.parts.findLast(({ atMs }) => atMs < fileMs) ?? this.parts[0];
    return part ? part.recordedAtMs + Math.min(fileMs - part.atMs, part.sampleBytes.length * SAMPLE_MS) : 0;
  }

  /** Both ends are part of it. @throws {StorageError} where the storage is away */
  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    const headBytes = this.#head.length;
    if (start < headBytes) yield this.#head.subarray(start, end + 1);
    for (const part of this.parts) {
      const at = headBytes + part.at;
      const from = Math.max(0, start - at);
      const to = Math.min(part.bytes, end + 1 - at);
      if (from < to) yield (await this.#readPart(part)).subarray(from, to);
    }
  }

  /** One Opus packet after the other. @throws {StorageError} where the storage is away */
  async *packets(): AsyncGenerator<Uint8Array> {
    for (const part of this.parts) yield* await this.packetsOf(part);
  }

  /** @throws {StorageError} where the storage is away */
  async packetsOf(part: Part): Promise<Uint8Array[]> {
    const bytes = await this.#readPart(part);
    let at = 0;
    return part.sampleBytes.map((size) => bytes.subarray(at, (at += size)));
  }

  async #readPart({ index, layout, sampleBytes, dataAt, bytes }: Part): Promise<Buffer> {
    if (!layout) return Buffer.concat(sampleBytes.map(() => SILENT_PACKET));
    return this.#layouts.readBytes(index, { start: dataAt, end: dataAt + bytes - 1 });
  }
}

function* cutParts(layouts: SegmentLayouts, kept: readonly Stretch[]): Generator<Part> {
  let at = 0;
  let atMs = 0;
  for (const { index, first, count } of piecesOf(kept)) {
    const layout = layouts.get(index);
    const sampleBytes = layout
      ? layout.sampleBytes.slice(first, first + count)
      : Array.from({ length: count }, () => SILENT_PACKET.length);
    const bytes = sum(sampleBytes);
    const dataAt = layout ? layout.dataAt + sum(layout.sampleBytes.slice(0, first)) : 0;
    const recordedAtMs = index * SEGMENT_MS + first * SAMPLE_MS;
    yield { ...{ index, layout, first, sampleBytes, dataAt, at, bytes }, atMs, recordedAtMs };
    at += bytes;
    atMs += count * SAMPLE_MS;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
