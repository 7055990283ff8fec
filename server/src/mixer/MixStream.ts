import { randomInt } from 'node:crypto';
import { timestampAt, writeRtp } from '@tribune/shared/rtp.ts';
import { csrcOf, levelOf, MAX_VOICES } from '@tribune/shared/voice.ts';
import { Application, createEncoder, Signal, type OpusEncoderHandle } from 'libopus-wasm';
import { MIX_PAYLOAD_TYPE } from './mixRtpParameters.ts';
import { FRAME, SAMPLE_RATE, SAMPLES_PER_MS } from './sound.ts';

/** What the encoder prepares for with in-band FEC. */
const EXPECTED_LOSS_PERCENT = 5;
/** Half the work of what sounds best, which a listener does not tell from it in speech. */
const COMPLEXITY = 5;
const SILENT_PACKET_BYTES = 2;
/** Every so often a silent stream sends one packet, so that nobody takes it for lost. libopus does as much. */
const KEEP_ALIVE_MS = 400;
/** For so long silence is encoded as it is: pauses between words are no silence. */
const SILENT_AFTER_MS = 400;

export interface MixSettings {
  readonly ssrc: number;
  readonly packetMs: 20 | 40 | 60;
  /** Bits per second. */
  readonly bitrate: number;
}

/** Packs a mix into RTP: one Opus packet for some frames of 20 ms, and who was heard in it. */
export class MixStream {
  readonly #settings: MixSettings;
  readonly #encoder: OpusEncoderHandle;
  readonly #pcm: Float32Array;
  /** Loudness in dBov by voice. */
  readonly #heard = new Map<number, number>();
  #filled: number;
  #isSilent = true;
  #sequenceNumber = randomInt(0x1_0000);
  /**
   * By the clock from the first frame on, and not at random: a mixer that takes over, of this node or another, goes on where the
   * one before it would be, and whoever shares the clock can tell how long a packet was on its way.
   */
  #timestamp: number | null = null;
  #silentMs = 0;
  #unsentMs = 0;
  #afterSilence = true;

  private constructor(settings: MixSettings, encoder: OpusEncoderHandle, phase: number) {
    this.#settings = settings;
    this.#encoder = encoder;
    this.#pcm = new Float32Array(settings.packetMs * SAMPLES_PER_MS);
    this.#filled = (phase * FRAME) % this.#pcm.length;
  }

  /** @param phase frames by which its packets end before those of other streams, so that not all are encoded at one time */
  static async create(settings: MixSettings, phase = 0): Promise<MixStream> {
    const encoder = await createEncoder({
      sampleRate: SAMPLE_RATE,
      channels: 1,
      frameSize: settings.packetMs * SAMPLES_PER_MS,
      application: Application.Voip,
      signal: Signal.Voice,
      bitrate: settings.bitrate,
      complexity: COMPLEXITY,
      dtx: true,
      fec: true,
      packetLossPercent: EXPECTED_LOSS_PERCENT,
    });
    return new MixStream(settings, encoder, phase);
  }

  /** Says who is heard in the frame that is added next. */
  hear(voiceId: number, dbov: number): void {
    this.#heard.set(voiceId, Math.max(dbov, this.#heard.get(voiceId) ?? -Infinity));
  }

  /** Adds 20 ms, or 20 ms of silence. A packet, when one is full and worth sending. */
  add(frame: Float32Array | null): Buffer | null {
    this.#timestamp ??= timestampAt(Date.now() - this.#filled / SAMPLES_PER_MS);
    if (frame) this.#pcm.set(frame, this.#filled);
    else this.#pcm.fill(0, this.#filled, this.#filled + FRAME);
    this.#filled += FRAME;
    this.#isSilent &&= frame === null;
    if (this.#filled < this.#pcm.length) return null;
    const packet = this.#pack(this.#timestamp);
    this.#timestamp = (this.#timestamp + this.#pcm.length) % 0x1_0000_0000;
    this.#filled = 0;
    this.#isSilent = true;
    this.#heard.clear();
    return packet;
  }

  /** Some time was not mixed: what comes next is of now. */
  restamp(): void {
    this.#timestamp = null;
  }

  close(): void {
    this.#encoder.free();
  }

  #pack(timestamp: number): Buffer | null {
    const { packetMs } = this.#settings;
    this.#silentMs = this.#isSilent ? this.#silentMs + packetMs : 0;
    this.#unsentMs += packetMs;
    const payload = this.#silentMs > SILENT_AFTER_MS ? null : this.#encoder.encodeFloat(this.#pcm);
    if (payload && payload.length > SILENT_PACKET_BYTES) return this.#write(payload, timestamp);
    const isFirst = !this.#afterSilence;
    this.#afterSilence = true;
    return isFirst || this.#unsentMs >= KEEP_ALIVE_MS ? this.#write(this.#silence(), timestamp) : null;
  }

  #write(payload: Uint8Array, timestamp: number): Buffer {
    const marker = this.#afterSilence && payload.length > SILENT_PACKET_BYTES;
    if (marker) this.#afterSilence = false;
    this.#unsentMs = 0;
    const sequenceNumber = this.#sequenceNumber;
    this.#sequenceNumber = (sequenceNumber + 1) & 0xffff;
    return writeRtp({
      payloadType: MIX_PAYLOAD_TYPE,
      sequenceNumber,
      timestamp,
      ssrc: this.#settings.ssrc,
      marker,
      csrcs: this.#csrcs(),
      payload,
    });
  }

  /** Loudest first, so that a page that knows few shows those. */
  #csrcs(): number[] {
    return [...this.#heard]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, MAX_VOICES)
      .map(([voiceId, dbov]) => csrcOf(voiceId, levelOf(dbov)));
  }

  /** A packet of one frame without data: configuration, mono, and nothing else (RFC 6716, section 3.1). */
  #silence(): Uint8Array {
    return Uint8Array.of(SILENT_TOC[this.#settings.packetMs]);
  }
}

/** SILK wideband, mono, one frame of this many ms (RFC 6716, table 2: configurations 9, 10 and 11). */
const SILENT_TOC = { 20: 9 << 3, 40: 10 << 3, 60: 11 << 3 } as const;
