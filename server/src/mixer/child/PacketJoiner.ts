import {
  csrcsOf,
  isMarked,
  payloadOf,
  payloadTypeOf,
  sequenceNumberOf,
  ssrcOf,
  timestampOf,
  writeRtp,
} from '@tribune/shared/rtp.ts';
import { MAX_MISORDER, sequenceStep, timestampStep } from '@tribune/shared/rtp/numbering.ts';
import { opusDurationMsOf } from '@tribune/shared/rtp/opus.ts';
import { csrcOf, MAX_VOICES, readCsrc } from '@tribune/shared/voice.ts';
import { joinOpusPackets } from './opus/joinPackets.ts';
import { SAMPLES_PER_MS } from './sound.ts';

/** With what SRTP, UDP, IPv6 and a tunnel add, a packet of this size passes every usual network in one piece. */
const MAX_BYTES = 1200;
/** An Opus packet without sound is a byte. */
const SILENT_BYTES = 1;

/**
 * Makes packets of 120 ms of the packets of a mix, two by two. A packet waits for the one after it, and goes alone where the two cannot
 * be one: where the Opus configuration changes, around silence and losses, and where they would be too large.
 *
 * The packets that come out are numbered anew, without a gap but for what was lost.
 */
export class PacketJoiner {
  #held: Buffer | null = null;
  #source: unknown = null;
  /** Of the last packet of the source. */
  #sequence = 0;
  #number = 0;

  /** Waits a packet for the one after it? */
  get isHolding(): boolean {
    return this.#held !== null;
  }

  /**
   * @param source whatever tells one stream from another
   * @returns what is to be sent now, in this order
   */
  push(packet: Buffer, source: unknown): Buffer[] {
    const step = source === this.#source ? sequenceStep(this.#sequence, sequenceNumberOf(packet)) : 1;
    // It was overtaken by the packet after it, which has not waited.
    if (step <= 0 && step >= -MAX_MISORDER) return [];
    this.#source = source;
    this.#sequence = sequenceNumberOf(packet);
    const held = this.#held;
    const joined = held && step === 1 && join(held, packet);
    if (joined) {
      this.#held = null;
      return [this.#stamp(joined)];
    }
    const ready = held ? [this.#stamp(held)] : [];
    if (step > 1) this.#number += Math.ceil((step - 1) / 2);
    const isSilent = (payloadOf(packet)?.length ?? 0) <= SILENT_BYTES;
    this.#held = isSilent ? null : packet;
    return isSilent ? [...ready, this.#stamp(packet)] : ready;
  }

  /** The packet that waits, whose successor is not awaited any more. */
  flush(): Buffer | null {
    const held = this.#held;
    this.#held = null;
    return held && this.#stamp(held);
  }

  #stamp(packet: Buffer): Buffer {
    packet.writeUInt16BE(this.#number & 0xffff, 2);
    this.#number += 1;
    return packet;
  }
}

/** @returns null when the two cannot be one packet */
function join(first: Buffer, second: Buffer): Buffer | null {
  const [before, after] = [payloadOf(first), payloadOf(second)];
  if (!before || !after || after.length <= SILENT_BYTES) return null;
  const step = timestampStep(timestampOf(first), timestampOf(second));
  if (step !== opusDurationMsOf(before) * SAMPLES_PER_MS) return null;
  const payload = joinOpusPackets(before, after);
  if (!payload) return null;
  const packet = writeRtp({
    payloadType: payloadTypeOf(first),
    sequenceNumber: 0,
    timestamp: timestampOf(first),
    ssrc: ssrcOf(first),
    marker: isMarked(first),
    csrcs: loudestOf([...csrcsOf(first), ...csrcsOf(second)]),
    payload,
  });
  return packet.length <= MAX_BYTES ? packet : null;
}

/** Each voice of both packets once, at its loudest; the loudest voice first. */
function loudestOf(csrcs: readonly number[]): number[] {
  const levels = new Map<number, number>();
  for (const { voiceId, level } of csrcs.map(readCsrc)) {
    levels.set(voiceId, Math.max(level, levels.get(voiceId) ?? 0));
  }
  return [...levels]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_VOICES)
    .map(([voiceId, level]) => csrcOf(voiceId, level));
}
