import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RecorderProcess } from '@tribune/server/broadcast/RecorderProcess.ts';
import { createLogger } from '@tribune/server/logger.ts';
import { timestampAt, writeRtp } from '@tribune/shared/rtp.ts';
import { csrcOf, voiceIdOf } from '@tribune/shared/voice.ts';
import { figureOf, type Figure } from './figures.ts';
import { measureHttpLive, type HttpLiveResult, type HttpLiveSize } from './httpLive.ts';

/** For a process of Node to start, on a machine that does much else. */
const READY_LIMIT_MS = 10_000;
const PACKET_MS = 60;
/** Of speech at 32 kbit/s. */
const PAYLOAD_BYTES = 240;
const SILK_60_MS = 11 << 3;
const PAYLOAD_TYPE = 100;
/** Time in which code is compiled and the first segments are written. */
const WARM_UP_MS = 6500;
/** The usage of the process is told once a second. */
const USAGE_EVERY_MS = 1000;
const HOUR_S = 3600;

export interface BroadcastSize {
  readonly http: HttpLiveSize;
  readonly rooms: number;
  readonly windowMs: number;
  readonly runs: number;
}

export interface BroadcastResult {
  /** Recorded at the same time. */
  readonly rooms: number;
  readonly recordingCpuSPerRoomHour: Figure | null;
  readonly http: HttpLiveResult;
}

/** What recordings cost, and listeners over HTTP. */
export async function measureBroadcast(
  { http, ...recording }: BroadcastSize,
  signal: AbortSignal,
): Promise<BroadcastResult> {
  return { ...(await measureRecording(recording, signal)), http: await measureHttpLive(http, signal) };
}

/** What a recording costs in the process that writes it, with many rooms in which somebody speaks without a pause. */
async function measureRecording(
  { rooms, windowMs, runs }: Omit<BroadcastSize, 'http'>,
  signal: AbortSignal,
): Promise<Omit<BroadcastResult, 'http'>> {
  const folder = await mkdtemp(join(tmpdir(), 'tribune-bench-'));
  const recorder = new RecorderProcess({ storage: { folder, s3: null }, logger: createLogger({ LOG_LEVEL: 'error' }) });
  try {
    const talking = await TalkingMixes.create(recorder, rooms);
    try {
      await delay(WARM_UP_MS, undefined, { signal });
      const costs: number[] = [];
      for (let run = 0; run < runs; run++) costs.push(await measureWindow(recorder, rooms, windowMs, signal));
      return { rooms, recordingCpuSPerRoomHour: figureOf(costs) };
    } finally {
      talking.close();
    }
  } finally {
    recorder.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureWindow(
  recorder: RecorderProcess,
  rooms: number,
  windowMs: number,
  signal: AbortSignal,
): Promise<number> {
  let written = 0;
  const count = () => (written += 1);
  recorder.on('written', count);
  const before = recorder.usage.cpuSeconds;
  await delay(windowMs, undefined, { signal });
  const used = recorder.usage.cpuSeconds - before;
  recorder.off('written', count);
  // Windows much longer than a second, since both ends may be as old as that.
  if (written === 0 && windowMs > 4 * USAGE_EVERY_MS) throw new Error('No segment was written');
  return (used / rooms / (windowMs / 1000)) * HOUR_S;
}

/** Mixes in which somebody speaks all the time, sent from one socket in the pace of a mixer. */
class TalkingMixes {
  readonly #close: () => void;

  private constructor(close: () => void) {
    this.#close = close;
  }

  static async create(recorder: RecorderProcess, rooms: number): Promise<TalkingMixes> {
    recorder.prepare();
    if (recorder.port === null) await once(recorder, 'ready', { signal: AbortSignal.timeout(READY_LIMIT_MS) });
    const to = recorder.port!;
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    for (let room = 0; room < rooms; room++)
      recorder.record({ epoch: 1, isHome: true, isAlone: false, recordingId: `bench-${room}`, ssrc: room + 1, port });
    const payload = Buffer.alloc(PAYLOAD_BYTES, 0x55);
    payload[0] = SILK_60_MS;
    const csrcs = [csrcOf(voiceIdOf('speaker'), 10)];
    const startedMs = performance.now();
    const firstMs = Date.now();
    let sent = 0;
    const timer = setInterval(() => {
      for (; startedMs + sent * PACKET_MS <= performance.now(); sent++) {
        const timestamp = timestampAt(firstMs + sent * PACKET_MS);
        for (let room = 0; room < rooms; room++) {
          const numbers = { sequenceNumber: sent & 0xffff, timestamp, ssrc: room + 1 };
          socket.send(
            writeRtp({ payloadType: PAYLOAD_TYPE, ...numbers, marker: false, csrcs, payload }),
            to,
            '127.0.0.1',
          );
        }
      }
    }, PACKET_MS / 3);
    return new TalkingMixes(() => {
      clearInterval(timer);
      socket.close();
    });
  }

  close(): void {
    this.#close();
  }
}
