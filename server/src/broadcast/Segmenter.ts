import { EventEmitter } from 'node:events';
import { csrcsOf, isRtp, OPUS_CLOCK_HZ, payloadOf, sequenceNumberOf, timestampOf } from '@tribune/shared/rtp.ts';
import { unwrapTimestamp } from '@tribune/shared/rtp/numbering.ts';
import { readCsrc, type Voice } from '@tribune/shared/voice.ts';
import { SAMPLE_MS, SAMPLES_PER_SEGMENT, SEGMENT_MS, type Segment, type VoiceLevels } from './segment.ts';
import { isDiscontinuous, SILENT_PACKET } from './silence.ts';

const TICKS_PER_MS = OPUS_CLOCK_HZ / 1000;
/** A segment is closed so long after its end: packets of another node's mixer may come out of order. */
const LATE_MS = 250;
/** The mix sends something each 0.4 s, even in silence: when nothing came for longer than this, something is missing. */
const MAX_SILENCE_MS = 1000;

/** Sound that did not come. Unix times in ms, by the clock of the mix. */
export interface MissingSound {
  readonly from: number;
  readonly to: number;
}

interface OpenSegment {
  readonly samples: (Uint8Array | null)[];
  readonly voices: Map<number, Uint8Array>;
  /** By sample: the sequence number of the packet that it came in. */
  readonly numbers: (number | undefined)[];
  /** Of samples before which nothing was to come. */
  readonly resumedAt: Set<number>;
  /** Something has come since it was last emitted. */
  isDirty: boolean;
}

/** Where a packet was, and its number. */
interface Place {
  readonly slot: number;
  readonly number: number;
}

/**
 * Cuts the packets of a mix into segments of 3 s. Time is a grid of slots as long as one packet, counted from 1970 by the timestamps
 * of the mix; every packet goes into the slot that is nearest, and slots without one are silent. So a segment follows from its packets
 * alone, whatever came when: whoever has the same packets makes the same bytes.
 */
export class Segmenter extends EventEmitter<{
  /**
   * Told again, with more in it, when something comes after `flush()`.
   * @param isWhole false where something of it did not come
   */
  segment: [Segment, isWhole: boolean];
  missing: [MissingSound];
}> {
  readonly #open = new Map<number, OpenSegment>();
  /** Of the newest packet, in ticks since 1970, and when it came by the clock of this process. */
  #newest: { readonly ticks: number; readonly atMs: number } | null = null;
  #closedUpTo = -Infinity;
  #last: Place | null = null;
  #isResumed = false;

  /** Unix time in ms, by the clock of the mix, up to which sound has come; null before the first packet. */
  get heardUntil(): number | null {
    return this.#newest && slotOf(this.#newest.ticks) * SAMPLE_MS + SAMPLE_MS;
  }

  /** Takes one RTP packet of the mix. @param nowMs Unix time */
  receive(packet: Buffer, nowMs: number): void {
    const payload = isRtp(packet) ? payloadOf(packet) : null;
    if (!payload) return;
    const ticks = unwrapTimestamp(this.#newest?.ticks ?? Math.round(nowMs * TICKS_PER_MS), timestampOf(packet));
    if (!this.#newest || ticks >= this.#newest.ticks) this.#newest = { ticks, atMs: nowMs };
    const slot = slotOf(ticks);
    const segment = this.#segmentOf(slot);
    const at = slot % SAMPLES_PER_SEGMENT;
    if (segment && !segment.samples[at]) {
      // A copy: what the socket lends is written over.
      segment.samples[at] = isDiscontinuous(payload) ? SILENT_PACKET : Uint8Array.from(payload);
      segment.numbers[at] = sequenceNumberOf(packet);
      segment.isDirty = true;
      if (this.#isResumed) segment.resumedAt.add(at);
      this.#isResumed = false;
      for (const csrc of csrcsOf(packet)) hear(segment, readCsrc(csrc), at);
    }
    this.tick(nowMs);
  }

  /** Emits the segments that are over. To be called now and then, for the mix may fall silent for good. */
  tick(nowMs: number): void {
    if (!this.#newest) return;
    const { ticks, atMs } = this.#newest;
    const positionMs = ticks / TICKS_PER_MS + Math.max(0, nowMs - atMs) - LATE_MS;
    const over = Math.floor(positionMs / SEGMENT_MS) - 1;
    for (const index of [...this.#open.keys()].toSorted((a, b) => a - b)) {
      if (index > over) break;
      this.#emit(index, !this.#findMissing(index));
      this.#open.delete(index);
    }
    this.#closedUpTo = Math.max(this.#closedUpTo, over);
  }

  /** Nobody wanted what did not come since the packet before: it is not missing. */
  resume(): void {
    this.#isResumed = true;
  }

  /** Emits what there is, also of segments that are not over. */
  flush(): void {
    for (const index of [...this.#open.keys()].toSorted((a, b) => a - b)) this.#emit(index);
  }

  /** As `flush()`, and all of it is emitted again later. */
  draft(): void {
    for (const [index, segment] of this.#open) {
      const { isDirty } = segment;
      this.#emit(index);
      segment.isDirty = isDirty;
    }
  }

  #segmentOf(slot: number): OpenSegment | null {
    const index = Math.floor(slot / SAMPLES_PER_SEGMENT);
    if (index <= this.#closedUpTo) return null;
    const known = this.#open.get(index);
    if (known) return known;
    const samples = Array.from({ length: SAMPLES_PER_SEGMENT }, () => null);
    const segment = { samples, voices: new Map(), numbers: [], resumedAt: new Set<number>(), isDirty: false };
    this.#open.set(index, segment);
    return segment;
  }

  #emit(index: number, isWhole = true): void {
    const segment = this.#open.get(index);
    if (!segment?.isDirty) return;
    segment.isDirty = false;
    const voices: VoiceLevels[] = [...segment.voices].map(([voiceId, levels]) => ({ voiceId, levels }));
    const samples = segment.samples.map((sample) => sample ?? SILENT_PACKET);
    this.emit('segment', { index, samples, voices }, isWhole);
  }

  /**
   * Of the holes before and between the packets of a segment, those that are no silence.
   * @returns whether something of it did not come, at its end too
   */
  #findMissing(index: number): boolean {
    let isAnyMissing = this.#last === null && this.#open.get(index)!.numbers[0] === undefined;
    for (const { place, isResumed } of this.#placesOf(index)) {
      if (this.#last && !isResumed && isMissing(this.#last, place)) {
        isAnyMissing = true;
        this.emit('missing', { from: (this.#last.slot + 1) * SAMPLE_MS, to: place.slot * SAMPLE_MS });
      }
      this.#last = place;
    }
    const [next] = this.#placesOf(index + 1);
    const isEndMissing = Boolean(next && this.#last && !next.isResumed && isMissing(this.#last, next.place));
    return isAnyMissing || isEndMissing;
  }

  *#placesOf(index: number): Generator<{ readonly place: Place; readonly isResumed: boolean }> {
    const { numbers = [], resumedAt } = this.#open.get(index) ?? {};
    for (const [at, number] of numbers.entries()) {
      if (number === undefined) continue;
      yield { place: { slot: index * SAMPLES_PER_SEGMENT + at, number }, isResumed: resumedAt?.has(at) ?? false };
    }
  }
}

function slotOf(ticks: number): number {
  return Math.round(ticks / TICKS_PER_MS / SAMPLE_MS);
}

/** In silence, packets are rare, and their numbers have no gap. */
function isMissing(before: Place, after: Place): boolean {
  const slots = after.slot - before.slot;
  const packets = (after.number - before.number) & 0xffff;
  return slots > 1 && (packets > 1 || slots * SAMPLE_MS > MAX_SILENCE_MS);
}

function hear({ voices }: OpenSegment, { voiceId, level }: Voice, at: number): void {
  const levels = voices.get(voiceId) ?? new Uint8Array(SAMPLES_PER_SEGMENT);
  // Level 0 is a faint voice, and here the mark of one that is not there.
  levels[at] = Math.max(1, level);
  voices.set(voiceId, levels);
}
