import { payloadOf, timestampOf, writeRtp } from '@tribune/shared/rtp.ts';
import type { RoomSound } from '@tribune/shared/domain.ts';
import { createRandom } from '@tribune/loadtest/random.ts';
import { RoomMixer } from '../src/mixer/child/RoomMixer.ts';
import { loadOpus } from '../src/mixer/child/opus/loadOpus.ts';
import type { OpusCodec } from '../src/mixer/child/opus/OpusCodec.ts';
import { FRAME, FRAME_MS, PACKET_MS, SAMPLE_RATE, SAMPLES_PER_MS } from '../src/mixer/child/sound.ts';
import type { VoiceReport } from '../src/mixer/child/voice/Voice.ts';

const PAYLOAD_TYPE = 111;
const MIX = { ssrc: 1, bitrate: 32_000 } as const;

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
  /** When its sender starts again, with other sequence numbers and timestamps. */
  readonly restartsMs?: number;
}

/** What a room was at one moment. */
interface Moment {
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
  readonly sent: readonly Arrival[];
}

/** A datagram that comes to the room's socket. */
interface Arrival {
  readonly ms: number;
  readonly packet: Buffer;
}

export interface SimulationOptions {
  readonly seconds: number;
  /** Of the mixer; the fastest of this machine by default. */
  readonly codec?: OpusCodec | undefined;
  readonly seed?: number;
  /** What the room is made for; speech by default. */
  readonly sound?: RoomSound;
  /** How often a moment is noted. */
  readonly everyMs?: number;
  /** What comes besides the voices. */
  readonly others?: readonly Arrival[];
  /** Before each frame. */
  readonly onTick?: (room: RoomMixer, nowMs: number) => void;
}

/** Runs a room in simulated time, each voice behind a network of its own. The same seed gives the same run. */
export async function simulate(
  voices: readonly SimulatedVoice[],
  { seconds, codec, seed = 1, sound = 'speech', everyMs = 1000, others = [], onTick }: SimulationOptions,
): Promise<Simulation> {
  const random = createRandom(seed);
  const arrivals = voices
    .flatMap((voice, index) => arrivalsOf(voice, index, seconds, random))
    .concat(others)
    .toSorted((a, b) => a.ms - b.ms);
  const room = await RoomMixer.create({ ...MIX, sound }, codec);
  const decoder = await (codec ?? (await loadOpus())).createDecoder();
  room.setSpeakers(voices.map((_, index) => speakerOf(index)));
  await decodersMade();
  const mix = new Float32Array(seconds * SAMPLE_RATE);
  const heard = new Float32Array(seconds * SAMPLE_RATE + FRAME * 10);
  const [moments, sent]: [Moment[], Arrival[]] = [[], []];
  let [next, firstTimestamp] = [0, -1];
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += FRAME_MS) {
    while (next < arrivals.length && arrivals[next]!.ms <= nowMs)
      room.receive(arrivals[next]!.packet, arrivals[next++]!.ms);
    if (onTick) {
      onTick(room, nowMs);
      await decodersMade();
    }
    const endMs = nowMs + FRAME_MS;
    const isDue = endMs % PACKET_MS === 0;
    const packet = isDue ? room.mix(nowMs) : null;
    if (isDue) mix.set(room.pcm, (endMs - PACKET_MS) * SAMPLES_PER_MS);
    if (nowMs % everyMs === 0)
      moments.push({ ms: nowMs, reports: voices.map((_, index) => room.report().get(index + 1) ?? null) });
    if (!packet) continue;
    sent.push({ ms: nowMs, packet });
    const pcm = decoder.decode(payloadOf(packet)!);
    if (firstTimestamp < 0) firstTimestamp = timestampOf(packet) - (nowMs + FRAME_MS - PACKET_MS) * SAMPLES_PER_MS;
    heard.set(pcm, (timestampOf(packet) - firstTimestamp) >>> 0);
  }
  room.close();
  decoder.free();
  return { mix, heard, moments, sent };
}

/** A new voice has its decoder a few promises later: at once, in real time. */
async function decodersMade(): Promise<void> {
  await new Promise(setImmediate);
}

export function speakerOf(index: number) {
  return { ssrc: index + 1, payloadType: PAYLOAD_TYPE, voiceId: (index + 1) * 16, muted: false };
}

function arrivalsOf(voice: SimulatedVoice, index: number, seconds: number, random: () => number): Arrival[] {
  const { packets, network, startsMs = 0, driftPpm = 0, restartsMs = Infinity } = voice;
  const frameMs = FRAME_MS / (1 + driftPpm / 1e6);
  const arrivals: Arrival[] = [];
  let [sequenceNumber, marker] = [Math.floor(random() * 0x1_0000), true];
  let firstTimestamp = Math.floor(random() * 0x1_0000_0000);
  let isRestarted = false;
  for (let frame = 0; startsMs + frame * frameMs < seconds * 1000; frame++) {
    const payload = packets[frame % packets.length];
    if (!payload) {
      marker = true;
      continue;
    }
    if (!isRestarted && frame * frameMs >= restartsMs) {
      isRestarted = true;
      sequenceNumber += 0x5000;
      firstTimestamp += 0x6000_0000;
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
