import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ListenerKind } from '@tribune/loadtest/hearing/kinds.ts';
import { lostOf, difference } from '@tribune/loadtest/hearing/stats.ts';
import { encodeSpeeches, Stage } from '@tribune/loadtest/people/Stage.ts';
import { createGuard } from '@tribune/loadtest/guard.ts';
import { BenchServer, usageBetween, type Usage } from './BenchServer.ts';
import { Audience } from './Audience.ts';
import { figureOf, mapFigure, type Figure } from './figures.ts';

const ARRIVALS_PER_SECOND = 60;
/** They count packets and do not decrypt them, which takes the clients half the CPU; to the server both are the same. */
const LIGHT: ListenerKind = { isFull: false, slow: null, seed: 0 };
/** Time for what joining leaves behind to be over. */
const SETTLE_MS = 1000;
/** A machine that is busier than this does not carry twice the listeners beside their clients. */
const BUSY_MACHINE = 0.7;
/** A worker that takes this share of a core carries no more listeners in time. */
const FULL_WORKER = 0.9;
const MAX_LOST_PCT = 1;

export interface SfuSize {
  /** How many listen to how many open microphones, which should make no difference. */
  readonly rooms: readonly { readonly microphones: number; readonly listeners: number }[];
  /** How many listen when packets of 60 and of 120 ms are compared; doubled afterwards, up to this many. */
  readonly packets: { readonly listeners: number; readonly maxListeners: number };
  readonly windowMs: number;
  readonly runs: number;
}

/** What one room cost, and what it took to be served without fault. */
interface SfuRoom {
  readonly microphones: number;
  readonly listeners: number;
  readonly usPerPacket: Figure | null;
  readonly msPerListenerSecond: Figure | null;
  /** CPU in a second of the worker in which people on stage hear each other, whoever listens. */
  readonly stageMsPerSecond: Figure | null;
  /** Null where there is no mixer. */
  readonly mixerMsPerSecond: Figure | null;
  readonly lostPct: number;
}

interface Memory {
  readonly workerKb: number;
  readonly nodeKb: number;
}

/** What a listener costs by the sound in a packet, measured at the same time. */
interface PacketLengths {
  /** ms of CPU for each second of a listener, by the ms of sound in a packet. */
  readonly msPerListenerSecond: Readonly<Record<'60' | '120', Figure | null>>;
  readonly capacity: ListenerCapacity;
}

/** Listeners, with packets of 120 ms, that fill a core. */
interface ListenerCapacity {
  readonly listeners: number;
  /** True where the machine did not carry so many beside their clients, and the number follows from what the most it carried cost. */
  readonly isExtrapolated: boolean;
  /** The most that were measured, and what each of them cost. */
  readonly measuredListeners: number;
  readonly msPerListenerSecond: number;
}

export interface SfuResult {
  readonly packetLengths: PacketLengths;
  readonly rooms: readonly SfuRoom[];
  /** For each listener of the first room. */
  readonly memory: Memory | null;
}

/** CPU of the listeners' worker for each delivered packet and listener-second, and memory for each listener. */
export async function measureSfu(size: SfuSize, signal: AbortSignal): Promise<SfuResult> {
  const { rooms, windowMs, runs } = size;
  const measured: SfuRoom[] = [];
  let memory: Memory | null = null;
  for (const { microphones, listeners } of rooms) {
    // A server of its own for each: memory that one room freed would hide what the next takes.
    const server = await BenchServer.create(signal, { MIX_PACKET_MS: '60' });
    try {
      const room = await Room.create(server, microphones);
      try {
        const { workerKb, nodeKb } = await room.fill(listeners, signal);
        memory ??= { workerKb: workerKb / listeners, nodeKb: nodeKb / listeners };
        measured.push({ microphones, listeners, ...(await room.measure(windowMs, runs, signal)) });
      } finally {
        await room.close();
      }
    } finally {
      await server.close();
    }
  }
  return { rooms: measured, memory, packetLengths: await measurePacketLengths(size, signal) };
}

/** Both at the same time, so that whatever else the machine does is the same for both. */
async function measurePacketLengths(
  { packets: { listeners, maxListeners }, windowMs, runs }: SfuSize,
  signal: AbortSignal,
): Promise<PacketLengths> {
  return withRoom('60', listeners, signal, async (short) =>
    withRoom('120', listeners, signal, async (long) => {
      const [one, other] = await Promise.all([short, long].map(async (room) => room.measure(windowMs, runs, signal)));
      const figure = other!.msPerListenerSecond;
      if (!figure) throw new Error('No packet of 120 ms came');
      await short.close();
      return {
        msPerListenerSecond: { 60: one!.msPerListenerSecond, 120: figure },
        capacity: await findCapacity(long, { listeners, ms: figure.median }, maxListeners, windowMs, signal),
      };
    }),
  );
}

/** A room of a server of its own, whose listeners have come. */
async function withRoom<T>(
  packetMs: '60' | '120',
  listeners: number,
  signal: AbortSignal,
  work: (room: Room) => Promise<T>,
): Promise<T> {
  const server = await BenchServer.create(signal, { MIX_PACKET_MS: packetMs });
  try {
    const room = await Room.create(server, 1);
    try {
      await room.fill(listeners, signal);
      return await work(room);
    } finally {
      await room.close();
    }
  } finally {
    await server.close();
  }
}

/** Doubles the listeners until a core is full, or the machine. */
async function findCapacity(
  room: Room,
  known: { readonly listeners: number; readonly ms: number },
  maxListeners: number,
  windowMs: number,
  signal: AbortSignal,
): Promise<ListenerCapacity> {
  let { listeners, ms } = known;
  while (listeners * 2 <= maxListeners && (listeners * ms) / 1000 < FULL_WORKER) {
    await room.fill(listeners, signal);
    const before = cpus();
    const { msPerListenerSecond, lostPct } = await room.measure(windowMs, 1, signal);
    if (!msPerListenerSecond || lostPct > MAX_LOST_PCT) break;
    [listeners, ms] = [listeners * 2, msPerListenerSecond.median];
    if (busyShareSince(before) > BUSY_MACHINE) break;
  }
  const isExtrapolated = (listeners * ms) / 1000 < FULL_WORKER;
  const inCore = Math.floor(1000 / ms);
  return { listeners: inCore, isExtrapolated, measuredListeners: listeners, msPerListenerSecond: ms };
}

/** Of all cores together, by this process and every other. */
function busyShareSince(before: ReturnType<typeof cpus>): number {
  const sum = (all: typeof before, read: (times: (typeof before)[number]['times']) => number) =>
    all.reduce((total, { times }) => total + read(times), 0);
  const after = cpus();
  const total = (all: typeof before) => sum(all, (times) => Object.values(times).reduce((a, b) => a + b));
  const idle = (all: typeof before) => sum(all, (times) => times.idle);
  return 1 - (idle(after) - idle(before)) / Math.max(1, total(after) - total(before));
}

type Window = Usage & { readonly packets: number; readonly elapsedMs: number };

/** A live room, its speakers and its listeners. */
class Room {
  readonly #server: BenchServer;
  readonly #stage: Stage;
  readonly #audience: Audience;

  private constructor(server: BenchServer, stage: Stage) {
    this.#server = server;
    this.#stage = stage;
    this.#audience = new Audience(server, stage.roomId, LIGHT);
  }

  static async create(server: BenchServer, speakers: number): Promise<Room> {
    return new Room(server, await createTalkingStage(server, speakers));
  }

  /** Lets so many more in. @returns how much memory the server took for them */
  async fill(listeners: number, signal: AbortSignal): Promise<Memory> {
    const before = await this.#server.usage();
    await this.#audience.arrive(listeners, ARRIVALS_PER_SECOND, signal);
    const { failures, joinedCount, listeners: asked } = this.#audience;
    if (joinedCount < asked.length) throw new Error(`${joinedCount} of ${asked.length} joined: ${failures.join(', ')}`);
    await delay(SETTLE_MS, undefined, { signal });
    const { workerRssKb, nodeRssKb } = usageBetween(before, await this.#server.usage());
    return { workerKb: workerRssKb, nodeKb: nodeRssKb };
  }

  async measure(windowMs: number, runs: number, signal: AbortSignal) {
    const listeners = this.#audience.joinedCount;
    const first = this.#audience.counts();
    const windows: Window[] = [];
    for (let run = 0; run < runs; run++) {
      const window = await openWindow(this.#server, this.#audience);
      await delay(windowMs, undefined, { signal });
      windows.push(await window());
    }
    const counts = difference(first, this.#audience.counts());
    const perSecond = (cpuMsOf: (window: Window) => number | null) =>
      figureOf(
        windows.map((window) => {
          const cpuMs = cpuMsOf(window);
          return cpuMs === null ? null : (cpuMs * 1000) / window.elapsedMs;
        }),
      );
    return {
      usPerPacket: figureOf(windows.map(({ workerCpuMs, packets }) => (workerCpuMs * 1000) / packets)),
      msPerListenerSecond: mapFigure(
        perSecond(({ workerCpuMs }) => workerCpuMs),
        (cpuMs) => cpuMs / listeners,
      ),
      stageMsPerSecond: perSecond(({ stageCpuMs }) => stageCpuMs),
      mixerMsPerSecond: perSecond(({ mixerCpuMs }) => mixerCpuMs),
      lostPct: (lostOf(counts) * 100) / Math.max(1, counts.expected),
    };
  }

  async close(): Promise<void> {
    await this.#stage.close();
    this.#audience.close();
  }
}

/** A live room in which everyone on stage talks without a pause: 50 packets a second from each. */
export async function createTalkingStage(server: BenchServer, speakers: number): Promise<Stage> {
  const speeches = await encodeSpeeches(speakers);
  return Stage.create({
    origin: server.origin,
    guard: createGuard(false),
    speakers,
    openMics: speakers,
    isLive: true,
    speeches: speeches.map((frames) => frames.filter(({ payload }) => payload !== null)),
    // What is measured then has lost packets, and says so.
    onLost: () => undefined,
  });
}

/** Begins to count; the function returned says what was consumed and received since. */
export async function openWindow(server: BenchServer, audience: Audience) {
  const before = await server.usage();
  const countsBefore = audience.counts();
  const startedMs = performance.now();
  return async (): Promise<Window> => {
    const after = await server.usage();
    const packets = difference(countsBefore, audience.counts()).received;
    return { ...usageBetween(before, after), packets, elapsedMs: performance.now() - startedMs };
  };
}
