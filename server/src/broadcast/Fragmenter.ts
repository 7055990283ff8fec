import { EventEmitter } from 'node:events';
import { csrcsOf, isRtp, OPUS_CLOCK_HZ, payloadOf, timestampOf } from '@tribune/shared/rtp.ts';
import { unwrapTimestamp } from '@tribune/shared/rtp/numbering.ts';
import { readCsrc } from '@tribune/shared/voice.ts';
import { SAMPLE_MS, SAMPLES_PER_SEGMENT, type Fragment } from './segment.ts';
import { isDiscontinuous, SILENT_PACKET } from './silence.ts';

const TICKS_PER_MS = OPUS_CLOCK_HZ / 1000;
/** Within a segment, where fragments end: about a second each, and whole packets of 120 ms. */
const ENDS = [16, 32, SAMPLES_PER_SEGMENT] as const;
/**
 * Whoever listens first waits for nothing that is there: the first fragments are short, until they have been as long together as a
 * player has to have before it begins, since from then on more comes each second.
 */
const FIRST_SLOTS = 4;
const FIRST_SLOTS_TOGETHER = 20;
/** A packet that has not come so long after it was due is silence: those of another node's mixer may come out of order. */
const LATE_MS = 120;
/** What is further from what came before is by another clock, and the fragments begin anew there. */
const MAX_JUMP_SLOTS = 10 * SAMPLES_PER_SEGMENT;

interface OpenFragment {
  readonly firstSlot: number;
  readonly endSlot: number;
  readonly samples: (Uint8Array | undefined)[];
  readonly voices: Map<number, Uint8Array>;
  count: number;
}

/**
 * Cuts the packets of a mix into fragments of about a second, each as soon as it is whole. Slots without a packet are silent, and so is
 * the time in which no packet comes at all: those who listen hear a stream without holes.
 */
export class Fragmenter extends EventEmitter<{ fragment: [Fragment] }> {
  readonly #open: OpenFragment[] = [];
  /** Of the newest packet, in ticks since 1970, and when it came by the clock of this process. */
  #newest: { readonly ticks: number; readonly atMs: number } | null = null;
  /** Until here, fragments are short. */
  #shortUntil = 0;

  /** Takes one RTP packet of the mix. @param nowMs Unix time */
  receive(packet: Buffer, nowMs: number): void {
    const payload = isRtp(packet) ? payloadOf(packet) : null;
    if (!payload) return;
    const ticks = unwrapTimestamp(this.#newest?.ticks ?? Math.round(nowMs * TICKS_PER_MS), timestampOf(packet));
    const slot = Math.round(ticks / TICKS_PER_MS / SAMPLE_MS);
    const isElsewhere = Math.abs(slot - (this.#open[0]?.firstSlot ?? slot)) > MAX_JUMP_SLOTS;
    if (isElsewhere) this.#open.length = 0;
    if (isElsewhere || !this.#newest || ticks >= this.#newest.ticks) this.#newest = { ticks, atMs: nowMs };
    if (this.#open.length === 0) {
      this.#shortUntil = endAfter(slot + FIRST_SLOTS_TOGETHER - 1);
      this.#begin(slot);
    }
    while (slot >= this.#open.at(-1)!.endSlot) this.#begin(this.#open.at(-1)!.endSlot);
    const fragment = this.#open.find(({ firstSlot, endSlot }) => slot >= firstSlot && slot < endSlot);
    if (fragment) put(fragment, slot, packet, payload);
    this.tick(nowMs);
  }

  /** Emits the fragments that are over. To be called many times a second, for the mix may fall silent. */
  tick(nowMs: number): void {
    if (!this.#newest) return;
    const { ticks, atMs } = this.#newest;
    const positionMs = ticks / TICKS_PER_MS + Math.max(0, nowMs - atMs);
    for (;;) {
      const fragment = this.#open[0]!;
      const isWhole = fragment.count === fragment.endSlot - fragment.firstSlot;
      if (!isWhole && positionMs < (fragment.endSlot - 1) * SAMPLE_MS + LATE_MS) return;
      this.#open.shift();
      if (this.#open.length === 0) this.#begin(fragment.endSlot);
      this.emit('fragment', close(fragment));
    }
  }

  #begin(firstSlot: number): void {
    const isShort = firstSlot < this.#shortUntil;
    const endSlot = isShort ? Math.min(firstSlot + FIRST_SLOTS, this.#shortUntil) : endAfter(firstSlot);
    this.#open.push({ firstSlot, endSlot, samples: [], voices: new Map(), count: 0 });
  }
}

/** Where the fragment ends that has this slot. */
function endAfter(slot: number): number {
  const within = slot % SAMPLES_PER_SEGMENT;
  return slot - within + ENDS.find((end) => end > within)!;
}

function put(fragment: OpenFragment, slot: number, packet: Buffer, payload: Buffer): void {
  const at = slot - fragment.firstSlot;
  if (fragment.samples[at]) return;
  // A copy: what the socket lends is written over.
  fragment.samples[at] = isDiscontinuous(payload) ? SILENT_PACKET : Uint8Array.from(payload);
  fragment.count += 1;
  for (const csrc of csrcsOf(packet)) {
    const { voiceId, level } = readCsrc(csrc);
    const levels = fragment.voices.get(voiceId) ?? new Uint8Array(fragment.endSlot - fragment.firstSlot);
    // Level 0 is a faint voice, and here the mark of one that is not there.
    levels[at] = Math.max(1, level);
    fragment.voices.set(voiceId, levels);
  }
}

function close({ firstSlot, endSlot, samples, voices }: OpenFragment): Fragment {
  return {
    firstSlot,
    samples: Array.from({ length: endSlot - firstSlot }, (_, at) => samples[at] ?? SILENT_PACKET),
    voices: [...voices].map(([voiceId, levels]) => ({ voiceId, levels })),
  };
}
