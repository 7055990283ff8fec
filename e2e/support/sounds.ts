import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseWave } from '@tribune/loadtest/media/speech.ts';

const HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;
const FRAME_MS = 20;
/** Below it, of full scale, a frame of a fixture is a pause. */
const PAUSE_LEVEL = 0.01;

/** Speech made for one test, as files that a browser can take for its microphone. */
export class Sounds {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async create(): Promise<Sounds> {
    return new Sounds(await mkdtemp(join(tmpdir(), 'tribune-sounds-')));
  }

  /** @param change turns the fixture's samples, between -1 and 1, into others */
  async write(
    name: string,
    fixture: URL,
    change: (samples: Float32Array, sampleRate: number) => Float32Array,
  ): Promise<URL> {
    const { sampleRate, samples } = parseWave(await readFile(fixture));
    const changed = change(
      Float32Array.from(samples, (sample) => sample / 32_768),
      sampleRate,
    );
    const path = join(this.#dir, `${name}.wav`);
    await writeFile(path, toWave(changed, sampleRate));
    return pathToFileURL(path);
  }

  async close(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** The same speech without its pauses. */
export function withoutPauses(samples: Float32Array, sampleRate: number): Float32Array {
  const frame = (sampleRate * FRAME_MS) / 1000;
  const kept: number[] = [];
  for (let at = 0; at + frame <= samples.length; at += frame) {
    const part = samples.subarray(at, at + frame);
    if (Math.sqrt(part.reduce((sum, x) => sum + x * x, 0) / frame) >= PAUSE_LEVEL) kept.push(...part);
  }
  return Float32Array.from(kept);
}

/** Speech for `onS` seconds, then silence for `offS`, over and over. */
export function inTurns(onS: number, offS: number): (samples: Float32Array, sampleRate: number) => Float32Array {
  return (samples, sampleRate) => {
    const speech = withoutPauses(samples, sampleRate);
    const turns = Math.floor(speech.length / (onS * sampleRate));
    const turn = (onS + offS) * sampleRate;
    return Float32Array.from({ length: Math.floor(turns * turn) }, (_, i) => {
      const within = i % turn;
      return within < onS * sampleRate ? (speech[Math.floor(i / turn) * onS * sampleRate + within] ?? 0) : 0;
    });
  };
}

/** Keeps what is above or below a frequency: four first-order filters in a row. */
export function filtered(kind: 'high' | 'low', hz: number) {
  return (samples: Float32Array, sampleRate: number): Float32Array => {
    const share = 1 - Math.exp((-2 * Math.PI * hz) / sampleRate);
    let out = samples;
    for (let stage = 0; stage < 4; stage++) {
      let low = 0;
      out = out.map((sample) => {
        low += share * (sample - low);
        return kind === 'low' ? low : sample - low;
      });
    }
    const loudest = out.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
    return out.map((sample) => (sample / loudest) * 0.7);
  };
}

function toWave(samples: Float32Array, sampleRate: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + samples.length * BYTES_PER_SAMPLE);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(1, 22); // mono
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(sampleRate * BYTES_PER_SAMPLE, 28);
  bytes.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  bytes.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.length * BYTES_PER_SAMPLE, 40);
  for (const [index, sample] of samples.entries()) {
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), HEADER_BYTES + index * BYTES_PER_SAMPLE);
  }
  return bytes;
}
