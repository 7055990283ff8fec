import { randomInt } from 'node:crypto';
import { timestampAt, writeRtp } from '@tribune/shared/rtp.ts';
import { csrcOf, levelOf, MAX_VOICES } from '@tribune/shared/voice.ts';
import { MIX_PAYLOAD_TYPE } from '../mixRtpParameters.ts';
import type { OpusCodec, OpusEncoder } from './opus/OpusCodec.ts';
import { FRAME_MS, PACKET_MS, type MixSound } from './sound.ts';

/** The in-band FEC prepares for this loss. */
const EXPECTED_LOSS_PERCENT = 5;
/** With which the two encode a mix equally well, as measured in docs/adr/0011: they are of different versions. */
const COMPLEXITY = { native: 1, wasm: 5 } as const;
const SILENT_PACKET_BYTES = 2;
/** One frame without data: SILK wideband, mono, 60 ms (RFC 6716, section 3.1: configuration 11). */
const SILENCE = Uint8Array.of(11 << 3);
/** A silent stream sends one packet in this time, so that nobody takes it for lost. libopus does as much. */
const KEEP_ALIVE_MS = 400;
/** Silence is encoded as it is for this long: pauses between words are no silence. */
const SILENT_AFTER_MS = 400;

/** At which mono has all frequencies that one hears, and hardly a fault. */
const MUSIC_BITRATE = 64_000;

export interface MixSettings {
  readonly ssrc: number;
  /** Bits per second, of speech; music has `MUSIC_BITRATE` at least. */
  readonly bitrate: number;
  readonly sound: MixSound;
}

/** Packs a mix into RTP: one Opus packet at a time, and who was heard in it. */
export class MixStream {
  readonly #settings: MixSettings;
  readonly #opus: OpusCodec;
  #encoder: OpusEncoder;
  #sound: MixSound;
  #isDtx = false;
  #isClosed = false;
  #failure: { readonly cause: unknown } | null = null;
  /** Level in dBov by voice. */
  readonly #heard = new Map<number, number>();
  #sequenceNumber = randomInt(0x1_0000);
  /**
   * Of the next packet; null until the first. It goes by the clock, and does not begin at random: a mixer that takes over, of this
   * node or another, goes on where the one before it would be, and whoever shares the clock can tell how long a packet was on its way.
   */
  #timestamp: number | null = null;
  #clockMs = 0;
  #silentMs = 0;
  #unsentMs = 0;
  #afterSilence = true;

  private constructor(settings: MixSettings, opus: OpusCodec, encoder: OpusEncoder) {
    this.#settings = settings;
    this.#opus = opus;
    this.#encoder = encoder;
    this.#sound = settings.sound;
  }

  static async create(settings: MixSettings, opus: OpusCodec): Promise<MixStream> {
    return new MixStream(settings, opus, await createEncoder(opus, settings));
  }

  /** Goes on with another encoder as soon as there is one. */
  setSound(sound: MixSound): void {
    if (sound === this.#sound) return;
    this.#sound = sound;
    void this.#replaceEncoder(sound);
  }

  /** Says that a voice is heard in the packet that is packed next. */
  hear(voiceId: number, levelDbov: number): void {
    this.#heard.set(voiceId, Math.max(levelDbov, this.#heard.get(voiceId) ?? -Infinity));
  }

  /**
   * Packs sound as long as one packet, whose last frame is due now.
   *
   * @returns null when the packet is not worth sending
   * @throws {Error} when there is no encoder for what the room is made for
   */
  pack(pcm: Float32Array, isSilent: boolean): Buffer | null {
    if (this.#failure) throw new Error('The mix has no encoder', this.#failure);
    const timestamp = this.#timestamp ?? timestampAt(Date.now() + this.#clockMs - (PACKET_MS - FRAME_MS));
    this.#timestamp = (timestamp + pcm.length) % 0x1_0000_0000;
    this.#silentMs = isSilent ? this.#silentMs + PACKET_MS : 0;
    this.#unsentMs += PACKET_MS;
    const payload = this.#silentMs > SILENT_AFTER_MS ? null : this.#encode(pcm);
    const packet = this.#choose(payload, timestamp);
    this.#heard.clear();
    return packet;
  }

  /** Of the next time that it goes by the clock. @param aheadMs what the clock of the cluster says, less that of this machine */
  setClock(aheadMs: number): void {
    this.#clockMs = aheadMs;
  }

  /** After a time in which nothing was packed, the next packet is of now. */
  restamp(): void {
    this.#timestamp = null;
  }

  close(): void {
    this.#isClosed = true;
    this.#encoder.free();
  }

  /** Noise that nobody speaks over need not be sent. A long note is no noise, and to an encoder it is. */
  #encode(pcm: Float32Array): Uint8Array {
    const isDtx = this.#sound === 'speech' && this.#heard.size === 0;
    if (isDtx !== this.#isDtx) this.#encoder.setDtx(isDtx);
    this.#isDtx = isDtx;
    return this.#encoder.encode(pcm);
  }

  async #replaceEncoder(sound: MixSound): Promise<void> {
    try {
      const encoder = await createEncoder(this.#opus, { ...this.#settings, sound });
      if (this.#isClosed || this.#sound !== sound) return encoder.free();
      this.#encoder.free();
      this.#encoder = encoder;
      this.#isDtx = false;
    } catch (cause) {
      // Nobody waits for this promise: the next packet throws what happened.
      this.#failure = { cause };
    }
  }

  #choose(payload: Uint8Array | null, timestamp: number): Buffer | null {
    if (payload && payload.length > SILENT_PACKET_BYTES) return this.#write(payload, timestamp);
    const isFirst = !this.#afterSilence;
    this.#afterSilence = true;
    return isFirst || this.#unsentMs >= KEEP_ALIVE_MS ? this.#write(SILENCE, timestamp) : null;
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
      .map(([voiceId, levelDbov]) => csrcOf(voiceId, levelOf(levelDbov)));
  }
}

async function createEncoder(opus: OpusCodec, { sound, bitrate }: MixSettings): Promise<OpusEncoder> {
  return opus.createEncoder({
    sound,
    packetMs: PACKET_MS,
    bitrate: sound === 'music' ? Math.max(bitrate, MUSIC_BITRATE) : bitrate,
    complexity: COMPLEXITY[opus.name],
    expectedLossPercent: EXPECTED_LOSS_PERCENT,
  });
}
