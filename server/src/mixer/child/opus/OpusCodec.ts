import type { MixSound } from '../sound.ts';

/** Largest Opus packet of one frame (RFC 6716, section 3.2.1); what an encoder makes of several frames is cut to as much. */
export const MAX_PACKET_BYTES = 1275;
/** The longest packet that there is. */
export const MAX_PACKET_MS = 120;

export interface OpusEncoderSettings {
  readonly sound: MixSound;
  readonly packetMs: 20 | 40 | 60;
  /** Bits per second. */
  readonly bitrate: number;
  /** 0 to 10: what the encoder may take of the CPU. */
  readonly complexity: number;
  /** What the in-band FEC prepares for. */
  readonly expectedLossPercent: number;
}

/** Encodes mono at 48 kHz; speech with in-band FEC, which music has no use for. */
export interface OpusEncoder {
  /** @param pcm one packet long @returns valid until the next call */
  encode(pcm: Float32Array): Uint8Array;
  /** Whether it may take what does not change for noise, and send nothing of it (discontinuous transmission). It may not at first. */
  setDtx(isOn: boolean): void;
  free(): void;
}

/** Decodes one stream to mono at 48 kHz. The samples that a call returns are valid until the next call. */
export interface OpusDecoder {
  /** @throws {Error} when the packet is not Opus */
  decode(packet: Uint8Array): Float32Array;
  /** So many samples from before a packet, which it repeats with less detail (in-band FEC). @throws {Error} when it is not Opus */
  recover(packet: Uint8Array, samples: number): Float32Array;
  /** So many samples made up where a packet is missing: multiples of 2.5 ms. */
  conceal(samples: number): Float32Array;
  free(): void;
}

/** An implementation of Opus. */
export interface OpusCodec {
  readonly name: 'native' | 'wasm';
  /** As libopus says it. */
  readonly version: string;
  createEncoder(settings: OpusEncoderSettings): Promise<OpusEncoder>;
  createDecoder(): Promise<OpusDecoder>;
}
