import type { RoomSound } from '@tribune/shared/domain.ts';
import { loadOpus } from '../src/mixer/child/opus/loadOpus.ts';
import type { OpusCodec } from '../src/mixer/child/opus/OpusCodec.ts';
import { FRAME } from '../src/mixer/child/sound.ts';
import { compare, largestStep, type Difference } from './measures.ts';
import { simulate, type Network, type Simulation } from './simulate.ts';
import { encodeVoice, readSpeech } from './speech.ts';

const SECONDS = 20;

export interface Condition extends Network {
  readonly name: string;
  /** Of the first voice; the others run the other way, and true. */
  readonly driftPpm: number;
}

export const CONDITIONS: readonly Condition[] = [
  { name: 'clean', loss: 0, jitterMs: 0, driftPpm: 0 },
  { name: '1% loss', loss: 0.01, jitterMs: 0, driftPpm: 0 },
  { name: '5% loss', loss: 0.05, jitterMs: 0, driftPpm: 0 },
  { name: '10% loss', loss: 0.1, jitterMs: 0, driftPpm: 0 },
  { name: '50 ms jitter', loss: 0, jitterMs: 50, driftPpm: 0 },
  { name: '5% loss, 50 ms jitter', loss: 0.05, jitterMs: 50, driftPpm: 0 },
  { name: '100 ppm drift', loss: 0, jitterMs: 0, driftPpm: 100 },
];

/** Something said, as it leaves a browser and as a decoder makes it when nothing happens to it on the way. */
export interface Speech {
  readonly packets: readonly (Uint8Array | null)[];
  readonly decoded: Float32Array;
}

/** Three people who talk over each other: two texts, and the first again from its middle. */
export async function readConversation(): Promise<readonly Speech[]> {
  const [first, second] = [await readSpeech('speech.wav'), await readSpeech('speech-2.wav')];
  const third = new Float32Array(first.length);
  third.set(first.subarray(first.length / 2));
  third.set(first.subarray(0, first.length / 2), first.length / 2);
  return Promise.all([first, second, third].map(async (pcm) => toSpeech(pcm)));
}

export async function toSpeech(pcm: Float32Array, sound?: RoomSound): Promise<Speech> {
  const packets = await encodeVoice(pcm, sound);
  const decoder = await (await loadOpus()).createDecoder();
  const decoded = new Float32Array(packets.length * FRAME);
  for (const [index, packet] of packets.entries()) {
    decoded.set(packet ? decoder.decode(packet) : decoder.conceal(FRAME), index * FRAME);
  }
  decoder.free();
  return { packets, decoded };
}

export interface Result extends Difference {
  readonly simulation: Simulation;
  /** Compared with the largest step of the ideal mix. */
  readonly stepRatio: number;
}

/** What one condition does to a conversation, compared with the ideal mix of the same speech. */
export async function measure(
  condition: Condition,
  conversation: readonly Speech[],
  codec?: OpusCodec,
): Promise<Result> {
  const drifts = [condition.driftPpm, -condition.driftPpm, 0];
  const simulation = await simulate(
    conversation.map(({ packets }, index) => ({ packets, network: condition, driftPpm: drifts[index % 3]! })),
    { seconds: SECONDS, codec },
  );
  const sources = conversation.map(({ decoded }) => decoded);
  return {
    ...compare(simulation.mix, sources),
    stepRatio: largestStep(simulation.mix) / largestStep(sum(sources)),
    simulation,
  };
}

function sum(sources: readonly Float32Array[]): Float32Array {
  return sources[0]!.map((_, index) => sources.reduce((total, source) => total + (source[index] ?? 0), 0));
}
