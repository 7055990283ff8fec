import type { RoomSound } from '@tribune/shared/domain.ts';
import FFT from 'fft.js';
import { createRandom } from '@tribune/loadtest/random.ts';
import { FRAME, SAMPLE_RATE } from '../src/mixer/child/sound.ts';
import { toSpeech } from './conditions.ts';
import { lagOf } from './measures.ts';
import { simulate } from './simulate.ts';
import { readSpeech } from './speech.ts';

/** What is heard of sound that is no speech, or not of one voice: whether it is gated, pumped or cut. */

const SECONDS = 20;
/** Until then the gain looks for the right loudness. */
const SETTLED_S = 6;
const BLOCK = SAMPLE_RATE / 10;
/** Below this, a block of what was played is as good as silent. */
const ACTIVE_DB = -60;
/** A block that has lost so much more than those that were kept is cut. */
const CUT_DB = 12;
const HIGH_BAND_HZ = [9000, 15_000] as const;
const SPECTRUM = 1024;

export interface Piece {
  readonly name: string;
  /** One for each microphone. */
  readonly voices: readonly Float32Array[];
  /** Is there something between 9 and 15 kHz? */
  readonly hasHighs: boolean;
}

export interface Heard {
  /** Share of the blocks of 100 ms that are missing or much fainter than what was played. */
  readonly cutPct: number;
  /** By how much the gain varies, from its 5th to its 95th percentile. */
  readonly pumpingDb: number;
  /** Loss of level between 9 and 15 kHz, compared with the loss of all. */
  readonly highLossDb: number;
}

/** A note that lasts, an instrument, applause, and two languages at once. */
export async function readPieces(): Promise<readonly Piece[]> {
  return [
    { name: 'a note that lasts', voices: [note()], hasHighs: false },
    { name: 'an instrument', voices: [instrument()], hasHighs: true },
    { name: 'applause', voices: [applause()], hasHighs: true },
    {
      name: 'two languages at once',
      voices: [await readSpeech('speech.wav'), await readSpeech('speech-2.wav')],
      hasHighs: false,
    },
  ];
}

/** What somebody hears of a piece, through the mix and its encoder. Senders encode as the page does in a room for music. */
export async function hear({ voices }: Piece, sound: RoomSound): Promise<Heard> {
  const sources = await Promise.all(voices.map(async (pcm) => toSpeech(pcm, 'music')));
  const { heard } = await simulate(
    sources.map(({ packets }) => ({ packets, network: { loss: 0, jitterMs: 0 } })),
    { seconds: SECONDS, sound },
  );
  const played = new Float32Array(SECONDS * SAMPLE_RATE);
  for (const { decoded } of sources) for (let n = 0; n < played.length; n++) played[n]! += decoded[n % decoded.length]!;
  const start = SETTLED_S * SAMPLE_RATE;
  // A note is like itself some periods before: the shortest delay is that of the mix.
  const lags = Array.from({ length: 12 }, (_, n) => start + n * SAMPLE_RATE).map((from) =>
    lagOf(heard.subarray(from, from + FRAME * 20), played, from),
  );
  const lag = Math.min(...lags);
  const differences: number[] = [];
  for (let at = start; at + BLOCK <= played.length; at += BLOCK) {
    const playedDb = levelDb(played.subarray(at - lag, at - lag + BLOCK));
    if (playedDb > ACTIVE_DB) differences.push(levelDb(heard.subarray(at, at + BLOCK)) - playedDb);
  }
  const sorted = differences.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  const isCut = (difference: number) => difference < at(0.9) - CUT_DB;
  const [before, after] = [played, heard].map((pcm) => bandDb(pcm.subarray(start, played.length))) as [Bands, Bands];
  return {
    cutPct: (differences.filter(isCut).length * 100) / differences.length,
    pumpingDb: at(0.95) - at(0.05),
    highLossDb: before.high - after.high - (before.all - after.all),
  };
}

interface Bands {
  readonly all: number;
  readonly high: number;
}

function note(): Float32Array {
  return sound((t) => [1, 2, 3, 5].reduce((sum, k) => sum + (0.12 / k) * Math.sin(2 * Math.PI * 220 * k * t), 0));
}

/** Plucked strings: chords of three that die away within a second, some loud and some soft, with overtones up to 15 kHz. */
function instrument(): Float32Array {
  const chords = [
    [196, 247, 294],
    [220, 262, 330],
    [175, 220, 262],
    [196, 294, 392],
  ];
  return sound((t) => {
    const beat = Math.floor(t / 0.8);
    const since = t - beat * 0.8;
    const loudness = [0.12, 0.05, 0.09, 0.03][Math.floor(beat / 3) % 4]!;
    let sum = 0;
    for (const hz of chords[beat % 4]!) {
      for (let k = 1; k * hz < 15_000; k += k < 8 ? 1 : 7) {
        sum += (Math.exp(-since * (2 + k * 0.15)) / k ** 0.8) * Math.sin(2 * Math.PI * hz * k * t);
      }
    }
    return loudness * sum * Math.min(1, since / 0.004);
  });
}

/** Hundreds of claps a second, each a burst of noise. */
function applause(): Float32Array {
  const random = createRandom(3);
  const pcm = new Float32Array(SECONDS * SAMPLE_RATE);
  for (let clap = 0; clap < SECONDS * 150; clap++) {
    const start = Math.floor(random() * pcm.length);
    const size = 0.05 + 0.1 * random();
    for (let n = 0; n < 0.02 * SAMPLE_RATE && start + n < pcm.length; n++) {
      pcm[start + n]! += size * (random() * 2 - 1) * Math.exp(-n / (0.004 * SAMPLE_RATE));
    }
  }
  return pcm;
}

function sound(at: (seconds: number) => number): Float32Array {
  return Float32Array.from({ length: SECONDS * SAMPLE_RATE }, (_, n) => at(n / SAMPLE_RATE));
}

function levelDb(pcm: Float32Array): number {
  return 10 * Math.log10(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length + 1e-12);
}

function bandDb(pcm: Float32Array): Bands {
  const fft = new FFT(SPECTRUM);
  const spectrum = fft.createComplexArray();
  const [from, to] = HIGH_BAND_HZ.map((hz) => Math.round((hz * SPECTRUM) / SAMPLE_RATE)) as [number, number];
  let [all, high] = [0, 0];
  for (let start = 0; start + SPECTRUM <= pcm.length; start += SPECTRUM) {
    const window = Array.from(
      pcm.subarray(start, start + SPECTRUM),
      (x, n) => x * Math.sin((Math.PI * n) / SPECTRUM) ** 2,
    );
    fft.realTransform(spectrum, window);
    for (let bin = 1; bin < SPECTRUM / 2; bin++) {
      const power = spectrum[2 * bin]! ** 2 + spectrum[2 * bin + 1]! ** 2;
      all += power;
      if (bin >= from && bin < to) high += power;
    }
  }
  return { all: 10 * Math.log10(all), high: 10 * Math.log10(high + 1e-12) };
}
