import type { OpusDecoderHandle } from 'libopus-wasm';
import { DelayTarget } from './DelayTarget.ts';
import { PacketQueue, type ArrivedPacket, type QueuedPacket } from './PacketQueue.ts';
import { applyRamp, dbov, FRAME, FRAME_MS, SAMPLES_PER_MS } from './sound.ts';
import { stretch } from './stretch.ts';

/** libopus says "silence" with at most so many bytes. */
const SILENT_PACKET_BYTES = 2;
const MAX_PACKET_SAMPLES = 120 * SAMPLES_PER_MS;
/** Opus conceals and repeats in steps of 2.5 ms. */
const CONCEAL_STEP = 2.5 * SAMPLES_PER_MS;
/** What is made up in place of what is missing: longer, and it would sound like a machine. */
const MAX_CONCEALED = 100 * SAMPLES_PER_MS;
/** Onsets and ends of what was silence before or after, so that they do not click. */
const FADE_IN = 5 * SAMPLES_PER_MS;
const FADE_OUT = 10 * SAMPLES_PER_MS;
const QUIET_DBOV = -50;
/** So far from where the delay shall be nothing is done: it waits for a pause, where nobody hears it. */
const TOLERANCE_MS = { speech: { below: 5, above: 10 }, quiet: { below: 2, above: 2 } };
/** Of 960 samples, so many are left out or added: 1% in speech, which is hardly heard, and 25% in quiet. */
const MAX_STRETCH = 12;
const MAX_QUIET_STRETCH = FRAME / 4;
/** Further behind than this the rest is given up. */
const MAX_BEHIND_MS = 200;

interface PlayoutCounts {
  /** Samples of lost packets that were repeated by the packet after them. */
  recovered: number;
  /** Samples made up. */
  concealed: number;
  /** Packets that came too late. */
  late: number;
}

export interface PlayoutReport extends Readonly<PlayoutCounts> {
  /** How long its sound is held back after the fastest way through the network. */
  readonly delayMs: number;
  readonly targetDelayMs: number;
}

/** Turns the packets of one voice, as they come, into sound without gaps, 20 ms at a time. */
export class Playout {
  readonly #counts: PlayoutCounts = { recovered: 0, concealed: 0, late: 0 };
  readonly #decoder: OpusDecoderHandle;
  readonly #packets = new PacketQueue();
  readonly #delay = new DelayTarget();
  /** Decoded, and not yet played. */
  readonly #pcm = new Float32Array(MAX_PACKET_SAMPLES + 4 * FRAME);
  #held = 0;
  #isPlaying = false;
  #delayMs = 0;
  /** What of that is sound for which no packet is needed any more in the next frame that needs one. */
  #aheadMs = 0;
  /** Of the last packet. */
  #lastDbov = -Infinity;
  #fadeIn = 0;
  /** Where the sound goes on: what ends before is late. */
  #nextTimestamp = -Infinity;
  #lastSequence = 0;
  /** Samples made up while nothing came, since the last packet. */
  #stalled = 0;

  constructor(decoder: OpusDecoderHandle) {
    this.#decoder = decoder;
  }

  report(): PlayoutReport {
    return { ...this.#counts, delayMs: this.#delayMs, targetDelayMs: this.#delay.targetMs };
  }

  push(arrived: ArrivedPacket): void {
    const inserted = this.#packets.insert(arrived);
    if (!inserted) return;
    if (inserted.restarted) this.#restart();
    this.#delay.add(inserted.packet.arrivalMs, inserted.packet.timestamp);
  }

  /** Fills `out` with the next 20 ms. False, with `out` untouched, when there is nothing to hear. */
  pull(out: Float32Array, nowMs: number): boolean {
    if (!this.#isPlaying && this.#held === 0 && !this.#begin(nowMs)) return false;
    if (this.#isPlaying) this.#measure(nowMs);
    while (this.#isPlaying && this.#held < FRAME) this.#decodeNext();
    const wanted = FRAME + this.#surplus();
    while (this.#isPlaying && this.#held < wanted && this.#packets.first) this.#decodeNext();
    const length = Math.min(this.#held, wanted);
    if (length < FRAME - MAX_QUIET_STRETCH) {
      this.#pcm.fill(0, this.#held, FRAME);
      this.#held = FRAME;
      stretch(this.#pcm, FRAME, out);
      this.#held = 0;
    } else {
      stretch(this.#pcm, length, out);
      this.#pcm.copyWithin(0, length, this.#held);
      this.#held -= length;
    }
    return true;
  }

  /** Forgets what it has, for a voice that was muted. */
  clear(): void {
    this.#packets.clear();
    this.#restart();
    this.#held = 0;
  }

  free(): void {
    this.#decoder.free();
  }

  #restart(): void {
    this.#delay.rebase();
    this.#nextTimestamp = -Infinity;
    this.#isPlaying = false;
    this.#stalled = 0;
    applyRamp(this.#pcm, 0, this.#held, 1, 0);
  }

  /** What was made up while nothing came counts as part of the sound until it turns out to have been late. */
  #measure(nowMs: number): void {
    const ends = this.#nextTimestamp + this.#stalled - this.#held;
    this.#delayMs = nowMs - ends / SAMPLES_PER_MS - this.#delay.baseMs;
    this.#aheadMs = (this.#held % FRAME) / SAMPLES_PER_MS;
  }

  /** Begins once the first packet has been held back for long enough. */
  #begin(nowMs: number): boolean {
    const dueMs = ({ timestamp }: QueuedPacket) =>
      this.#delay.baseMs + this.#delay.targetMs + timestamp / SAMPLES_PER_MS;
    let first = this.#packets.first;
    while (first && this.#isUseless(first, dueMs(first) < nowMs - MAX_BEHIND_MS)) {
      this.#packets.shift();
      first = this.#packets.first;
    }
    if (!first || dueMs(first) > nowMs) return false;
    this.#held = 0;
    this.#nextTimestamp = first.timestamp;
    this.#lastSequence = first.sequence - 1;
    this.#isPlaying = true;
    this.#fadeIn = FADE_IN;
    this.#stalled = 0;
    const isAlone = this.#packets.size === 1;
    this.#decodeNext();
    // In its silence a sender renews the noise of the room now and then, in one packet: alone it would be a tick.
    if (isAlone && this.#lastDbov < QUIET_DBOV) {
      this.#isPlaying = false;
      this.#held = 0;
      return false;
    }
    return true;
  }

  #isUseless({ timestamp, payload }: QueuedPacket, isOld: boolean): boolean {
    if (payload.length <= SILENT_PACKET_BYTES) return true;
    const isLate = timestamp < this.#nextTimestamp || isOld;
    if (isLate) this.#counts.late += 1;
    return isLate;
  }

  #decodeNext(): void {
    const packet = this.#packets.first;
    if (!packet) {
      this.#stall();
      return;
    }
    const missing = packet.timestamp - this.#nextTimestamp;
    if (missing < 0) {
      this.#packets.shift();
      this.#delay.settle('late');
      this.#counts.late += 1;
    } else if (missing > 0 && packet.sequence === this.#lastSequence + 1) {
      this.#end();
    } else if (missing > this.#stalled) {
      this.#bridge(packet, missing - this.#stalled);
    } else if (packet.payload.length <= SILENT_PACKET_BYTES) {
      this.#packets.shift();
      this.#end();
    } else {
      this.#packets.shift();
      this.#lastSequence = packet.sequence;
      this.#delay.settle('played');
      this.#settleStall();
      const pcm = this.#decode(packet.payload);
      this.#lastDbov = dbov(pcm);
      this.#nextTimestamp = packet.timestamp + this.#append(pcm);
    }
  }

  /** Over packets that are lost: the last of them is repeated, with less detail, in the one that came after it. */
  #bridge({ timestamp, payload }: QueuedPacket, lost: number): void {
    if (lost > MAX_CONCEALED) {
      this.#end();
      return;
    }
    this.#delay.settle('lost');
    this.#nextTimestamp += this.#stalled;
    this.#settleStall();
    const length = Math.min(lost, FRAME);
    if (length % CONCEAL_STEP !== 0) {
      this.#nextTimestamp = timestamp;
    } else if (lost > FRAME) {
      this.#counts.concealed += length;
      this.#nextTimestamp += this.#append(this.#decode(null, length));
    } else {
      this.#counts.recovered += length;
      this.#nextTimestamp += this.#append(this.#decode(payload, length));
    }
  }

  /** Makes sound up while nothing comes; the delay grows by as much when it was late and not lost. */
  #stall(): void {
    // A sender stops sending when it is quiet: that is an end, and not a loss.
    if (this.#stalled >= MAX_CONCEALED || this.#lastDbov < QUIET_DBOV) this.#end();
    else this.#stalled += this.#append(this.#decode(null, FRAME));
  }

  /** What came then shows that it was sound that was late, or lost. */
  #settleStall(): void {
    this.#counts.concealed += this.#stalled;
    this.#stalled = 0;
  }

  /** Into silence, without a step. */
  #end(): void {
    const start = this.#held;
    this.#append(this.#decode(null, FADE_OUT));
    applyRamp(this.#pcm, start, this.#held, 1, 0);
    this.#isPlaying = false;
  }

  /** @param missing samples before the packet that shall be had from it; without a packet, samples to make up */
  #decode(payload: Uint8Array | null, missing = 0): Float32Array {
    try {
      if (!payload) return this.#decoder.decodeFloat(null, { frameSize: missing });
      if (missing === 0) return this.#decoder.decodeFloat(payload);
      return this.#decoder.decodeFloat(payload, { frameSize: missing, decodeFec: true });
    } catch {
      // Not Opus, and to whoever listens as good as lost. What cannot even be made up is silence.
      return payload ? this.#decode(null, missing || FRAME) : new Float32Array(missing);
    }
  }

  #append(pcm: Float32Array): number {
    const start = this.#held;
    this.#pcm.set(pcm, start);
    this.#held += pcm.length;
    if (this.#fadeIn > 0) {
      applyRamp(this.#pcm, start, start + Math.min(pcm.length, this.#fadeIn), 0, 1);
      this.#fadeIn = 0;
    }
    return pcm.length;
  }

  /** Samples to take beyond a frame, negative to take fewer: towards the delay that it shall be. */
  #surplus(): number {
    if (!this.#isPlaying) return 0;
    const off = this.#offMs();
    if (off > MAX_BEHIND_MS) this.#end();
    const isQuiet = dbov(this.#pcm, 0, FRAME) < QUIET_DBOV;
    const { below, above } = TOLERANCE_MS[isQuiet ? 'quiet' : 'speech'];
    if (off > -below && off < above) return 0;
    const most = isQuiet ? MAX_QUIET_STRETCH : MAX_STRETCH;
    return Math.max(-most, Math.min(most, Math.trunc(off * SAMPLES_PER_MS)));
  }

  /**
   * How much longer than it should be the sound is held back, in ms, negative when it is not for long enough. A packet has to be
   * there at the beginning of the 20 ms that it has a part in, and may have its part at their end: between the two nothing is off.
   */
  #offMs(): number {
    const neededMs = this.#delayMs - this.#aheadMs;
    const { targetMs } = this.#delay;
    return Math.min(0, neededMs - targetMs) + Math.max(0, this.#delayMs - FRAME_MS - targetMs);
  }
}
