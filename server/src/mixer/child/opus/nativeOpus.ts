import type { LibraryHandle } from 'koffi';
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../sound.ts';
import {
  MAX_PACKET_BYTES,
  MAX_PACKET_MS,
  type OpusCodec,
  type OpusDecoder,
  type OpusEncoder,
  type OpusEncoderSettings,
} from './OpusCodec.ts';

/** The ABI of libopus has had this number since 2012. */
const LIBRARIES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libopus.so.0'],
  darwin: ['libopus.0.dylib', '/opt/homebrew/lib/libopus.0.dylib', '/usr/local/lib/libopus.0.dylib'],
};

// Of opus_defines.h.
const OK = 0;
/** The application, and the signal that it is told to expect. */
const SOUNDS = { speech: { application: 2048, signal: 3001 }, music: { application: 2049, signal: 3002 } } as const;
const SET_BITRATE = 4002;
const SET_COMPLEXITY = 4010;
const SET_INBAND_FEC = 4012;
const SET_PACKET_LOSS_PERCENT = 4014;
const SET_DTX = 4016;
const SET_SIGNAL = 4024;

/** A pointer to what libopus allocated. */
type State = unknown;

/** The part of libopus that is used, by its names in C. */
interface Libopus {
  readonly version: () => string;
  readonly message: (code: number) => string;
  readonly createEncoder: (rate: number, channels: number, application: number, error: number[]) => State;
  readonly destroyEncoder: (state: State) => void;
  readonly setEncoder: (state: State, request: number, type: 'int', value: number) => number;
  readonly encode: (state: State, pcm: Float32Array, samples: number, packet: Uint8Array, bytes: number) => number;
  readonly createDecoder: (rate: number, channels: number, error: number[]) => State;
  readonly destroyDecoder: (state: State) => void;
  readonly decode: (
    state: State,
    packet: Uint8Array | null,
    bytes: number,
    pcm: Float32Array,
    samples: number,
    fec: number,
  ) => number;
}

/** The libopus that is installed on this machine, called without a copy of the sound; null where there is none. */
export async function loadNativeOpus(): Promise<OpusCodec | null> {
  const opus = await bind();
  return (
    opus && {
      name: 'native',
      version: opus.version(),
      createEncoder: async (settings) => new NativeEncoder(opus, settings),
      createDecoder: async () => new NativeDecoder(opus),
    }
  );
}

async function bind(): Promise<Libopus | null> {
  for (const name of LIBRARIES[process.platform] ?? []) {
    try {
      const { default: koffi } = await import('koffi');
      return declare(koffi.load(name));
    } catch {
      // It is not installed there, or koffi has no binary for this machine.
    }
  }
  return null;
}

function declare(library: LibraryHandle): Libopus {
  return {
    version: library.func('const char *opus_get_version_string()'),
    message: library.func('const char *opus_strerror(int code)'),
    createEncoder: library.func('void *opus_encoder_create(int rate, int channels, int application, _Out_ int *error)'),
    destroyEncoder: library.func('void opus_encoder_destroy(void *state)'),
    setEncoder: library.func('int opus_encoder_ctl(void *state, int request, ...)'),
    encode: library.func('int opus_encode_float(void *state, float *pcm, int samples, uint8_t *packet, int bytes)'),
    createDecoder: library.func('void *opus_decoder_create(int rate, int channels, _Out_ int *error)'),
    destroyDecoder: library.func('void opus_decoder_destroy(void *state)'),
    decode: library.func(
      'int opus_decode_float(void *state, uint8_t *packet, int bytes, float *pcm, int samples, int fec)',
    ),
  };
}

class NativeEncoder implements OpusEncoder {
  readonly #opus: Libopus;
  readonly #samples: number;
  readonly #packet = new Uint8Array(MAX_PACKET_BYTES);
  /** Null once it is freed. */
  #state: State;

  constructor(opus: Libopus, settings: OpusEncoderSettings) {
    this.#opus = opus;
    this.#samples = settings.packetMs * SAMPLES_PER_MS;
    const error = [OK];
    const { application, signal } = SOUNDS[settings.sound];
    this.#state = opus.createEncoder(SAMPLE_RATE, 1, application, error);
    check(opus, error[0]!);
    this.#set(SET_SIGNAL, signal);
    this.#set(SET_BITRATE, settings.bitrate);
    this.#set(SET_COMPLEXITY, settings.complexity);
    this.#set(SET_INBAND_FEC, settings.sound === 'speech' ? 1 : 0);
    this.#set(SET_PACKET_LOSS_PERCENT, settings.expectedLossPercent);
  }

  encode(pcm: Float32Array): Uint8Array {
    assertLive(this.#state);
    if (pcm.length !== this.#samples) throw new RangeError(`A packet has ${this.#samples} samples, not ${pcm.length}`);
    const bytes = this.#opus.encode(this.#state, pcm, pcm.length, this.#packet, this.#packet.length);
    return this.#packet.subarray(0, check(this.#opus, bytes));
  }

  setDtx(isOn: boolean): void {
    assertLive(this.#state);
    this.#set(SET_DTX, isOn ? 1 : 0);
  }

  free(): void {
    if (this.#state) this.#opus.destroyEncoder(this.#state);
    this.#state = null;
  }

  #set(request: number, value: number): void {
    check(this.#opus, this.#opus.setEncoder(this.#state, request, 'int', value));
  }
}

class NativeDecoder implements OpusDecoder {
  readonly #opus: Libopus;
  readonly #pcm = new Float32Array(MAX_PACKET_MS * SAMPLES_PER_MS);
  /** Null once it is freed. */
  #state: State;

  constructor(opus: Libopus) {
    this.#opus = opus;
    const error = [OK];
    this.#state = opus.createDecoder(SAMPLE_RATE, 1, error);
    check(opus, error[0]!);
  }

  decode(packet: Uint8Array): Float32Array {
    // To libopus a packet without a byte is one that is missing.
    if (packet.length === 0) throw new RangeError('An Opus packet has a byte at least');
    return this.#decode(packet, this.#pcm.length, false);
  }

  recover(packet: Uint8Array, samples: number): Float32Array {
    return this.#decode(packet, samples, true);
  }

  conceal(samples: number): Float32Array {
    return this.#decode(null, samples, false);
  }

  free(): void {
    if (this.#state) this.#opus.destroyDecoder(this.#state);
    this.#state = null;
  }

  #decode(packet: Uint8Array | null, samples: number, fec: boolean): Float32Array {
    assertLive(this.#state);
    if (samples > this.#pcm.length) throw new RangeError(`No packet has ${samples} samples`);
    const decoded = this.#opus.decode(this.#state, packet, packet?.length ?? 0, this.#pcm, samples, fec ? 1 : 0);
    return this.#pcm.subarray(0, check(this.#opus, decoded));
  }
}

/** The result of a call, unless it is an error. */
function check(opus: Libopus, result: number): number {
  if (result < 0) throw new Error(`libopus: ${opus.message(result)}`);
  return result;
}

/** What is freed must not be called: libopus would read and write memory that is another's by then. */
function assertLive(state: State): void {
  if (!state) throw new Error('The codec is freed');
}
