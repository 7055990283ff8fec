import { createDecoder } from 'libopus-wasm';
import { Leveller } from './Leveller.ts';
import type { ArrivedPacket } from './PacketQueue.ts';
import { Playout, type PlayoutReport } from './Playout.ts';
import { applyRamp, dbov, FRAME, SAMPLE_RATE } from './sound.ts';
import { SpeakingHold } from './SpeakingHold.ts';

/** Largest Opus packet of one frame (RFC 6716, section 3.2.1), and more than anybody sends. */
const MAX_PAYLOAD_BYTES = 1275;

export interface VoiceSettings {
  readonly ssrc: number;
  readonly payloadType: number;
  /** See `voiceIdOf`. */
  readonly voiceId: number;
  readonly muted: boolean;
}

export interface VoiceReport extends PlayoutReport {
  /** By which it is turned up, to be as loud as the others. */
  readonly gainDb: number;
}

/** One person who speaks into a mix. */
export class Voice {
  readonly #pcm = new Float32Array(FRAME);
  readonly #leveller = new Leveller();
  readonly #speaking = new SpeakingHold();
  #settings: VoiceSettings;
  /** Null for the moment that it takes to make a decoder. */
  #playout: Playout | null = null;
  #gain = 0;
  #speakingDbov: number | null = null;
  #isLeaving = false;
  #closed = false;

  constructor(settings: VoiceSettings) {
    this.#settings = settings;
    void this.#open();
  }

  get voiceId(): number {
    return this.#settings.voiceId;
  }

  /** A voice that left, and has faded out. */
  get isGone(): boolean {
    return this.#isLeaving && this.#gain === 0;
  }

  /** Its loudness in dBov as of the last frame; null when it is not speaking. */
  get speakingDbov(): number | null {
    return this.#speakingDbov;
  }

  report(): VoiceReport | null {
    return this.#playout && { ...this.#playout.report(), gainDb: this.#leveller.gainDb };
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

  /** Adds its next 20 ms to the mix. False when it has nothing to say. */
  mixInto(mix: Float32Array, nowMs: number): boolean {
    const isHeard = this.#pull(nowMs);
    if (isHeard) for (let index = 0; index < FRAME; index++) mix[index]! += this.#pcm[index]!;
    this.#speakingDbov = this.#speaking.follow(isHeard ? dbov(this.#pcm) : -Infinity, nowMs);
    if (!this.#isSilenced) return isHeard;
    this.#speakingDbov = null;
    this.#speaking.reset();
    return isHeard;
  }

  close(): void {
    this.#closed = true;
    this.#playout?.free();
    this.#playout = null;
  }

  get #isSilenced(): boolean {
    return this.#isLeaving || this.#settings.muted;
  }

  /** The next 20 ms with the gain that they are heard with, which never jumps. Nothing is decoded for who is muted. */
  #pull(nowMs: number): boolean {
    const from = this.#gain;
    if (this.#isSilenced && from === 0) return false;
    const isHeard = this.#playout?.pull(this.#pcm, nowMs) ?? false;
    const wanted = isHeard ? this.#leveller.follow(this.#pcm) : this.#leveller.gain;
    this.#gain = this.#isSilenced ? 0 : wanted;
    if (isHeard) applyRamp(this.#pcm, 0, FRAME, from, this.#gain);
    if (this.#isSilenced) this.#playout?.clear();
    return isHeard;
  }

  async #open(): Promise<void> {
    const decoder = await createDecoder({ channels: 1, sampleRate: SAMPLE_RATE });
    if (this.#closed) decoder.free();
    else this.#playout = new Playout(decoder);
  }
}
