import { csrcsOf, payloadOf, timestampOf, writeRtp } from '@tribune/shared/rtp.ts';
import { readCsrc } from '@tribune/shared/voice.ts';
import { createDecoder } from 'libopus-wasm';
import { createRandom } from '../../loadtest/src/random.ts';
import { RoomMixer } from '../src/mixer/RoomMixer.ts';
import { FRAME, FRAME_MS, SAMPLE_RATE, SAMPLES_PER_MS } from '../src/mixer/sound.ts';
import type { VoiceReport } from '../src/mixer/Voice.ts';

const PAYLOAD_TYPE = 111;
const MIX = { ssrc: 1, packetMs: 60, bitrate: 32_000 } as const;

export interface Network {
  /** Share of packets lost, 0 to 1, each by itself. */
  readonly loss: number;
  /** Each packet is late by 0 to this, evenly; it may overtake others. */
  readonly jitterMs: number;
}

export interface SimulatedVoice {
  /** One for each 20 ms; null where silence is not sent. Said again from the start when it is over. */
  readonly packets: readonly (Uint8Array | null)[];
  readonly network: Network;
  readonly startsMs?: number;
  /** How much faster than the mixer's its clock runs. */
  readonly driftPpm?: number;
}

/** What a room was at one moment. */
export interface Moment {
  readonly ms: number;
  /** One for each voice. */
  readonly reports: readonly (VoiceReport | null)[];
}

export interface Simulation {
  /** As it is before it is encoded. */
  readonly mix: Float32Array;
  /** What somebody hears who loses nothing of it. */
  readonly heard: Float32Array;
  readonly moments: readonly Moment[];
  readonly packets: number;
  /** Contributing sources of each packet that was sent. */
  readonly speaking: readonly { readonly ms: number; readonly voices: ReturnType<typeof readCsrc>[] }[];
}

interface Arrival {
  readonly ms: number;
  readonly packet: Buffer;
}

/** Runs a room in simulated time, each voice behind a network of its own. The same seed gives the same run. */
export async function simulate(
  voices: readonly SimulatedVoice[],
  {
    seconds,
    seed = 1,
    settings = {},
    everyMs = 1000,
    onTick,
  }: {
    readonly seconds: number;
    readonly seed?: number;
    readonly settings?: Partial<{ packetMs: 20 | 40 | 60; bitrate: number }>;
    readonly everyMs?: number;
    /** Before each tick. */
    readonly onTick?: (room: RoomMixer, nowMs: number) => void;
  },
): Promise<Simulation> {
  const random = createRandom(seed);
  const arrivals = voices
    .flatMap((voice, index) => arrivalsOf(voice, index, seconds, random))
    .toSorted((a, b) => a.ms - b.ms);
  const room = await RoomMixer.create({ ...MIX, ...settings });
  using decoder = await createDecoder({ channels: 1, sampleRate: SAMPLE_RATE });
  room.setSpeakers(voices.map((_, index) => speakerOf(index)));
  await new Promise(setImmediate); // Decoders are made in promises.
  const mix = new Float32Array(seconds * SAMPLE_RATE);
  const heard = new Float32Array(seconds * SAMPLE_RATE + FRAME * 10);
  const [moments, speaking]: [Moment[], { ms: number; voices: ReturnType<typeof readCsrc>[] }[]] = [[], []];
  let [next, packets, firstTimestamp] = [0, 0, -1];
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += FRAME_MS) {
    while (next < arrivals.length && arrivals[next]!.ms <= nowMs)
      room.receive(arrivals[next]!.packet, arrivals[next++]!.ms);
    onTick?.(room, nowMs);
    const packet = room.tick(nowMs);
    mix.set(room.frame, nowMs * SAMPLES_PER_MS);
    if (nowMs % everyMs === 0)
      moments.push({ ms: nowMs, reports: voices.map((_, index) => room.report().get(index + 1) ?? null) });
    if (!packet) continue;
    packets += 1;
    speaking.push({ ms: nowMs, voices: csrcsOf(packet).map(readCsrc) });
    const pcm = decoder.decodeFloat(payloadOf(packet));
    const packetMs = settings.packetMs ?? MIX.packetMs;
    if (firstTimestamp < 0) firstTimestamp = timestampOf(packet) - (nowMs + FRAME_MS - packetMs) * SAMPLES_PER_MS;
    heard.set(pcm, (timestampOf(packet) - firstTimestamp) >>> 0);
  }
  room.close();
  return { mix, heard, moments, packets, speaking };
}

export function speakerOf(index: number) {
  return { ssrc: index + 1, payloadType: PAYLOAD_TYPE, voiceId: (index + 1) * 16, muted: false };
}

function arrivalsOf(voice: SimulatedVoice, index: number, seconds: number, random: () => number): Arrival[] {
  const { packets, network, startsMs = 0, driftPpm = 0 } = voice;
  const frameMs = FRAME_MS / (1 + driftPpm / 1e6);
  const arrivals: Arrival[] = [];
  let [sequenceNumber, marker] = [Math.floor(random() * 0x1_0000), true];
  const firstTimestamp = Math.floor(random() * 0x1_0000_0000);
  for (let frame = 0; startsMs + frame * frameMs < seconds * 1000; frame++) {
    const payload = packets[frame % packets.length];
    if (!payload) {
      marker = true;
      continue;
    }
    const packet = writeRtp({
      ...{ payloadType: PAYLOAD_TYPE, ssrc: index + 1, marker, payload },
      sequenceNumber: sequenceNumber++ & 0xffff,
      timestamp: (firstTimestamp + frame * FRAME) % 0x1_0000_0000,
    });
    marker = false;
    // It is sent when its last sample was spoken.
    const ms = startsMs + (frame + 1) * frameMs + random() * network.jitterMs;
    if (random() >= network.loss) arrivals.push({ ms, packet });
  }
  return arrivals;
}
