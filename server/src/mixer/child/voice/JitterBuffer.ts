import { DelayControl, MAX_BEHIND_MS, MAX_QUIET_RESAMPLED, QUIET_DBOV } from './DelayControl.ts';
import { MAX_PACKET_MS, type OpusDecoder } from '../opus/OpusCodec.ts';
import { PacketQueue, type ArrivedPacket, type QueuedPacket } from './PacketQueue.ts';
import { resample } from './resample.ts';
import { applyRamp, dbov, FRAME, SAMPLES_PER_MS, type MixSound } from '../sound.ts';

/** More packets than this in the time of one packet of the mix are a flood. */
const MAX_ARRIVED = 256;
/** libopus says "silence" in at most so many bytes. */
const SILENT_PACKET_BYTES = 2;
/** Opus conceals and repeats in steps of 2.5 ms. */
const CONCEAL_STEP = 2.5 * SAMPLES_PER_MS;
/** Longer stretches of made-up sound would sound like a machine. */
const MAX_CONCEALED = 100 * SAMPLES_PER_MS;
/** Sound that follows or precedes silence is faded, so that it does not click. */
const FADE_IN = 5 * SAMPLES_PER_MS;
const FADE_OUT = 10 * SAMPLES_PER_MS;

interface JitterBufferCounts {
  /** Samples of lost packets that were repeated by the packet after them. */
  recovered: number;
  /** Samples made up. */
  concealed: number;
  /** Packets that came too late. */
  late: number;
}

export interface JitterBufferReport extends Readonly<JitterBufferCounts> {
  /** How long the sound is held back after the fastest way through the network. */
  readonly delayMs: number;
  readonly targetDelayMs: number;
}

/** Turns the packets of one voice, as they arrive, into sound without gaps, one frame at a time. */
export class JitterBuffer {
  readonly #counts: JitterBufferCounts = { recovered: 0, concealed: 0, late: 0 };
  readonly #decoder: OpusDecoder;
  #sound: MixSound;
  /** Packets that came after the last frame was due. */
  #arrived: ArrivedPacket[] = [];
  readonly #packets = new PacketQueue();
  readonly #delay = new DelayControl();
  /** Decoded, and not yet played. */
  readonly #pcm = new Float32Array(MAX_PACKET_MS * SAMPLES_PER_MS + 4 * FRAME);
  #held = 0;
  #isPlaying = false;
  /** Of the last packet. */
  #lastDbov = -Infinity;
  #fadeIn = 0;
  /** Where the sound goes on: a packet that ends before is late. */
  #nextTimestamp = -Infinity;
  #lastSequence = 0;
  /** Samples made up since the last packet, while none came. */
  #stalled = 0;

  /** @param decoder is freed with the buffer */
  constructor(decoder: OpusDecoder, sound: MixSound) {
    this.#decoder = decoder;
    this.#sound = sound;
  }

  /** What the room is made for from now on. */
  setSound(sound: MixSound): void {
    this.#sound = sound;
  }

  report(): JitterBufferReport {
    return { ...this.#counts, delayMs: this.#delay.delayMs, targetDelayMs: this.#delay.targetMs };
  }

  push(arrived: ArrivedPacket): void {
    if (this.#arrived.length < MAX_ARRIVED) this.#arrived.push(arrived);
  }

  /**
   * Fills `out` with the next frame.
   *
   * @param nowMs when the frame is due. Frames are mixed some at a time, so that later packets may be there: they are for later frames
   * @returns false, with `out` untouched, when there is nothing to hear
   */
  pull(out: Float32Array, nowMs: number): boolean {
    this.#takeArrived(nowMs);
    if (!this.#isPlaying && this.#held === 0 && !this.#begin(nowMs)) return false;
    // Made-up sound counts as sound of the sender's until a packet shows that it was not.
    if (this.#isPlaying) this.#delay.measure(nowMs, this.#nextTimestamp + this.#stalled, this.#held);
    while (this.#isPlaying && this.#held < FRAME) this.#decodeNext();
    const wanted = FRAME + this.#surplus();
    while (this.#isPlaying && this.#held < wanted && this.#packets.first) this.#decodeNext();
    const length = Math.min(this.#held, wanted);
    if (length < FRAME - MAX_QUIET_RESAMPLED) {
      this.#pcm.fill(0, this.#held, FRAME);
      out.set(this.#pcm.subarray(0, FRAME));
      this.#held = 0;
    } else {
      resample(this.#pcm, length, out);
      this.#pcm.copyWithin(0, length, this.#held);
      this.#held -= length;
    }
    return true;
  }

  /** Forgets the packets and the sound that it has, for a voice that was muted. */
  clear(): void {
    this.#arrived.length = 0;
    this.#packets.clear();
    this.#restart();
    this.#held = 0;
  }

  free(): void {
    this.#decoder.free();
  }

  #takeArrived(nowMs: number): void {
    let taken = 0;
    for (; taken < this.#arrived.length && this.#arrived[taken]!.arrivalMs <= nowMs; taken++) {
      const inserted = this.#packets.insert(this.#arrived[taken]!);
      if (!inserted) continue;
      if (inserted.restarted) this.#restart();
      this.#delay.addArrival(inserted.packet.arrivalMs, inserted.packet.timestamp);
    }
    if (taken > 0) this.#arrived = this.#arrived.slice(taken);
  }

  #restart(): void {
    this.#delay.rebase();
    this.#nextTimestamp = -Infinity;
    this.#isPlaying = false;
    this.#stalled = 0;
    applyRamp(this.#pcm, 0, this.#held, 1, 0);
  }

  #surplus(): number {
    if (!this.#isPlaying) return 0;
    if (this.#delay.isTooFarBehind) this.#end();
    return this.#delay.surplusOf(this.#pcm, this.#sound);
  }

  /** Begins once the first packet has been held back for long enough. */
  #begin(nowMs: number): boolean {
    let first = this.#packets.first;
    while (first && this.#isUseless(first, this.#delay.dueMsOf(first.timestamp) < nowMs - MAX_BEHIND_MS)) {
      this.#packets.shift();
      first = this.#packets.first;
    }
    if (!first || this.#delay.dueMsOf(first.timestamp) > nowMs) return false;
    this.#held = 0;
    this.#nextTimestamp = first.timestamp;
    this.#lastSequence = first.sequence - 1;
    this.#isPlaying = true;
    this.#fadeIn = FADE_IN;
    this.#stalled = 0;
    const isAlone = this.#packets.size === 1;
    this.#decodeNext();
    // In its silence a sender renews the noise of the room now and then, in one packet: alone it would be a tick.
    if (isAlone && this.#lastDbov < QUIET_DBOV[this.#sound]) {
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

  /** Fills the time of lost packets: the packet after them repeats the last of them with less detail, the others are made up. */
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
      this.#nextTimestamp += this.#append(this.#conceal(length));
    } else {
      this.#counts.recovered += length;
      this.#nextTimestamp += this.#append(this.#decode(payload, length));
    }
  }

  /** Makes sound up while no packet comes. When the packet was late and not lost, the delay grows by as much. */
  #stall(): void {
    // A sender that stops in a pause has nothing to send: that is an end, and not a loss.
    if (this.#stalled >= MAX_CONCEALED || this.#lastDbov < QUIET_DBOV[this.#sound]) this.#end();
    else this.#stalled += this.#append(this.#conceal(FRAME));
  }

  /** A packet that comes after a stall shows that the made-up sound stood for sound that was late, or lost. */
  #settleStall(): void {
    this.#counts.concealed += this.#stalled;
    this.#stalled = 0;
  }

  /** Goes into silence without a step. */
  #end(): void {
    const start = this.#held;
    this.#append(this.#conceal(FADE_OUT));
    applyRamp(this.#pcm, start, this.#held, 1, 0);
    this.#isPlaying = false;
  }

  /** @param missing samples before the packet to have from it, or 0 for the packet itself */
  #decode(payload: Uint8Array, missing = 0): Float32Array {
    try {
      return missing > 0 ? this.#decoder.recover(payload, missing) : this.#decoder.decode(payload);
    } catch {
      // A packet that is not Opus is to its listeners as good as lost.
      return this.#conceal(missing || FRAME);
    }
  }

  #conceal(samples: number): Float32Array {
    try {
      return this.#decoder.conceal(samples);
    } catch {
      // Whatever packets somebody sent to bring the decoder there, they end in silence and not in an error.
      return new Float32Array(samples);
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
}
