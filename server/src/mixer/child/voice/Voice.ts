import { AutomaticGain } from './AutomaticGain.ts';
import { JitterBuffer, type JitterBufferReport } from './JitterBuffer.ts';
import { MAX_PACKET_BYTES, type OpusCodec } from '../opus/OpusCodec.ts';
import type { ArrivedPacket } from './PacketQueue.ts';
import { addWithRamp, FRAME, type MixSound } from '../sound.ts';
import { VoiceActivityHangover } from './VoiceActivityHangover.ts';

export interface VoiceSettings {
  readonly ssrc: number;
  readonly payloadType: number;
  /** See `voiceIdOf`. */
  readonly voiceId: number;
  readonly muted: boolean;
}

export interface VoiceReport extends JitterBufferReport {
  /** By how much the voice is turned up, to be as loud as the others. */
  readonly gainDb: number;
}

/** The voice of one speaker in a mix: packets go in, and frames of sound are added to the mix. */
export class Voice {
  readonly #pcm = new Float32Array(FRAME);
  readonly #automaticGain: AutomaticGain;
  readonly #hangover = new VoiceActivityHangover();
  #settings: VoiceSettings;
  #sound: MixSound;
  /** Null for the moment that it takes to make a decoder. */
  #buffer: JitterBuffer | null = null;
  #failure: { readonly cause: unknown } | null = null;
  /** The factor that the last frame ended with. */
  #gain = 0;
  #speakingDbov: number | null = null;
  #isLeaving = false;
  #closed = false;

  constructor(settings: VoiceSettings, sound: MixSound, opus: OpusCodec) {
    this.#settings = settings;
    this.#sound = sound;
    this.#automaticGain = new AutomaticGain(sound);
    void this.#open(opus);
  }

  get voiceId(): number {
    return this.#settings.voiceId;
  }

  /** True once the voice has left, and has faded out. */
  get isGone(): boolean {
    return this.#isLeaving && this.#gain === 0;
  }

  /** The level of the last frame in dBov; null when the voice is not speaking. */
  get speakingDbov(): number | null {
    return this.#speakingDbov;
  }

  report(): VoiceReport | null {
    return this.#buffer && { ...this.#buffer.report(), gainDb: this.#automaticGain.gainDb };
  }

  update(settings: VoiceSettings): void {
    this.#settings = settings;
    this.#isLeaving = false;
  }

  /** What the room is made for from now on. */
  setSound(sound: MixSound): void {
    if (sound === this.#sound) return;
    this.#sound = sound;
    this.#automaticGain.setSound(sound);
    this.#buffer?.setSound(sound);
  }

  leave(): void {
    this.#isLeaving = true;
  }

  receive(payloadType: number, packet: ArrivedPacket): void {
    if (this.#isSilenced || payloadType !== this.#settings.payloadType) return;
    if (packet.payload.length === 0 || packet.payload.length > MAX_PACKET_BYTES) return;
    this.#buffer?.push(packet);
  }

  /**
   * Adds the next frame to the mix, with a gain that never jumps. Nothing is decoded for a voice that is muted.
   *
   * @returns false when there is nothing to hear
   * @throws {Error} when the voice could not get a decoder
   */
  mixInto(mix: Float32Array, nowMs: number): boolean {
    if (this.#failure) throw new Error('A voice has no decoder', this.#failure);
    if (this.#isSilenced && this.#gain === 0) {
      this.#speakingDbov = null;
      return false;
    }
    const isHeard = this.#buffer?.pull(this.#pcm, nowMs) ?? false;
    const from = this.#gain;
    this.#gain = isHeard ? this.#automaticGain.follow(this.#pcm) : this.#automaticGain.gain;
    if (this.#isSilenced) this.#gain = 0;
    const levelDbov = isHeard ? addWithRamp(mix, this.#pcm, from, this.#gain) : -Infinity;
    this.#speakingDbov = this.#hangover.follow(levelDbov, nowMs);
    if (this.#isSilenced) this.#fallSilent();
    return isHeard;
  }

  close(): void {
    this.#closed = true;
    this.#buffer?.free();
    this.#buffer = null;
  }

  get #isSilenced(): boolean {
    return this.#isLeaving || this.#settings.muted;
  }

  #fallSilent(): void {
    this.#speakingDbov = null;
    this.#hangover.reset();
    this.#buffer?.clear();
  }

  async #open(opus: OpusCodec): Promise<void> {
    try {
      const decoder = await opus.createDecoder();
      if (this.#closed) decoder.free();
      else this.#buffer = new JitterBuffer(decoder, this.#sound);
    } catch (cause) {
      // Nobody waits for this promise: the next frame throws what happened.
      this.#failure = { cause };
    }
  }
}
