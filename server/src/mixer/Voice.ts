import { createDecoder } from 'libopus-wasm';
import { Playout } from './Playout.ts';
import type { ArrivedPacket } from './PacketQueue.ts';
import { applyRamp, dbov, FRAME, SAMPLE_RATE } from './sound.ts';

/** Largest Opus packet of one frame (RFC 6716, section 3.2.1), and more than anybody sends. */
const MAX_PAYLOAD_BYTES = 1275;

export interface VoiceSettings {
  readonly ssrc: number;
  readonly payloadType: number;
  /** See `voiceIdOf`. */
  readonly voiceId: number;
  readonly muted: boolean;
}

/** One person who speaks into a mix. */
export class Voice {
  readonly #pcm = new Float32Array(FRAME);
  #settings: VoiceSettings;
  /** Null for the moment that it takes to make a decoder. */
  #playout: Playout | null = null;
  #gain = 0;
  #isLeaving = false;
  #closed = false;

  constructor(settings: VoiceSettings) {
    this.#settings = settings;
    void this.#open();
  }

  get voiceId(): number {
    return this.#settings.voiceId;
  }

  get isMuted(): boolean {
    return this.#settings.muted;
  }

  /** A voice that left, and has faded out. */
  get isGone(): boolean {
    return this.#isLeaving && this.#gain === 0;
  }

  update(settings: VoiceSettings): void {
    this.#settings = settings;
    this.#isLeaving = false;
  }

  leave(): void {
    this.#isLeaving = true;
  }

  receive(payloadType: number, packet: ArrivedPacket): void {
    if (this.#isSilenced || payloadType !== this.#settings.payloadType) return;
    if (packet.payload.length === 0 || packet.payload.length > MAX_PAYLOAD_BYTES) return;
    this.#playout?.push(packet);
  }

  /** Adds its next 20 ms to the mix. Its loudness in dBov, -Infinity when it has nothing to say. */
  mixInto(mix: Float32Array, nowMs: number): number {
    const target = this.#isSilenced ? 0 : 1;
    const from = this.#gain;
    this.#gain = target;
    const isHeard = (from > 0 || target > 0) && (this.#playout?.pull(this.#pcm, nowMs) ?? false);
    if (target === 0 && from > 0) this.#playout?.clear();
    if (!isHeard) return -Infinity;
    applyRamp(this.#pcm, 0, FRAME, from, target);
    for (let index = 0; index < FRAME; index++) mix[index]! += this.#pcm[index]!;
    return dbov(this.#pcm);
  }

  close(): void {
    this.#closed = true;
    this.#playout?.free();
    this.#playout = null;
  }

  get #isSilenced(): boolean {
    return this.#isLeaving || this.#settings.muted;
  }

  async #open(): Promise<void> {
    const decoder = await createDecoder({ channels: 1, sampleRate: SAMPLE_RATE });
    if (this.#closed) decoder.free();
    else this.#playout = new Playout(decoder);
  }
}
