import { setTimeout as delay } from 'node:timers/promises';
import { parseCommandLine as parseLoadTest } from '@tribune/loadtest/options.ts';
import { runLoadTest } from '@tribune/loadtest/run/runLoadTest.ts';
import type { Stage } from '@tribune/loadtest/people/Stage.ts';
import { percentilesOf } from '@tribune/loadtest/hearing/stats.ts';
import { BenchServer } from './BenchServer.ts';
import { Audience } from './Audience.ts';
import { figureOf, type Figure } from './figures.ts';
import { createTalkingStage, openWindow } from './sfu.ts';

/** Enough to keep server and clients busy, and few enough to wait for little but each other. */
const IN_FLIGHT = 24;
const SETTLE_MS = 1000;
/** Of the joins of a run, those who come alone: one in so many. */
const ALONE_PART = 5;
/** Slow enough for each to be in before the next; 2.38 frames of the mix apart, so that all waits for a frame occur alike. */
const ALONE_PER_SECOND = 7;
/** Readings of `/metrics` by which the cost of one is told from that of the time it takes. */
const SCRAPES = 40;
/** The first joins of new processes, at a rate that they stand. */
const COLD = { joins: 150, perSecond: 40 };

export interface JoinsSize {
  /** In each run. */
  readonly joins: number;
  readonly runs: number;
  /** For what the audience costs when nobody joins. */
  readonly steadyMs: number;
}

export interface JoinsResult {
  /** Joined, and heard something, in a second: the server's share of the machine and the clients' included. */
  readonly perSecond: Figure | null;
  readonly workerMs: Figure | null;
  readonly nodeMs: Figure | null;
  /** Time to first audio when people arrive at that share of `perSecond`. */
  readonly arrivals: readonly {
    readonly share: number;
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
  }[];
  /** CPU of this process for each join: what the clients took from the server. */
  readonly clientMs: Figure | null;
  /** The part of `clientMs` that JavaScript took, on one thread; ICE, DTLS and SRTP are on others. */
  readonly clientThreadMs: Figure | null;
  /** CPU of this process for each packet that a listener receives; the speaker's sending is in it. */
  readonly clientUsPerPacket: Figure | null;
  /** Time to first audio of people who come one by one, with nobody else in their way. */
  readonly alone: { readonly p50Ms: number | null; readonly p95Ms: number | null };
  readonly background: Background;
  readonly cold: Cold | null;
}

/** What each of the first joins takes in a server and in clients that were just started. */
interface Cold {
  readonly joins: number;
  readonly workerMs: number;
  readonly nodeMs: number;
  readonly clientMs: number;
}

/** What Node takes while nobody comes: the room and its speaker are there, no listener is. */
interface Background {
  /** CPU in each second. */
  readonly nodeMsPerSecond: number;
  /** CPU for one reading of `/metrics`. */
  readonly scrapeNodeMs: number;
}

/** How many people can come in a second, what each takes, and how long they wait when fewer come. */
export async function measureJoins({ joins, runs, steadyMs }: JoinsSize, signal: AbortSignal): Promise<JoinsResult> {
  const warm = await measureWarm({ joins, runs, steadyMs }, signal);
  return { ...warm, cold: await measureCold(Math.min(joins, COLD.joins), warm, signal) };
}

type WarmResult = Omit<JoinsResult, 'cold'>;

async function measureWarm({ joins, runs, steadyMs }: JoinsSize, signal: AbortSignal): Promise<WarmResult> {
  const server = await BenchServer.create(signal);
  try {
    const stage = await createTalkingStage(server, 1);
    try {
      // The first joins are slower: nothing is compiled yet.
      await inFreshAudience(server, stage, signal, async (audience) => audience.press(joins, IN_FLIGHT, signal));
      const background = await measureBackground(server, steadyMs, signal);
      const alone = await inFreshAudience(server, stage, signal, async (audience) => {
        await audience.arrive(Math.ceil(joins / ALONE_PART), ALONE_PER_SECOND, signal);
        return timesOf(audience);
      });
      const pressed: Pressed[] = [];
      for (let run = 0; run < runs; run++) {
        pressed.push(
          await inFreshAudience(server, stage, signal, async (audience) =>
            press(server, audience, joins, steadyMs, signal),
          ),
        );
      }
      const perSecond = figureOf(pressed.map((run) => run.perSecond));
      const arrivals = [];
      for (const share of perSecond ? [0.5, 0.9] : []) {
        const rate = perSecond!.median * share;
        arrivals.push({
          share,
          ...(await inFreshAudience(server, stage, signal, async (audience) => arrive(audience, joins, rate, signal))),
        });
      }
      return {
        perSecond,
        workerMs: figureOf(pressed.map((run) => run.workerMs)),
        nodeMs: figureOf(pressed.map((run) => run.nodeMs)),
        clientMs: figureOf(pressed.map((run) => run.clientMs)),
        clientThreadMs: figureOf(pressed.map((run) => run.clientThreadMs)),
        clientUsPerPacket: figureOf(pressed.map((run) => run.clientUsPerPacket)),
        alone,
        background,
        arrivals,
      };
    } finally {
      await stage.close();
    }
  } finally {
    await server.close();
  }
}

interface Pressed {
  readonly perSecond: number;
  readonly workerMs: number;
  readonly nodeMs: number;
  readonly clientMs: number;
  readonly clientThreadMs: number;
  readonly clientUsPerPacket: number;
}

/** As many as can come; what those already in cost meanwhile is measured afterwards, and taken off. */
async function press(
  server: BenchServer,
  audience: Audience,
  joins: number,
  steadyMs: number,
  signal: AbortSignal,
): Promise<Pressed> {
  const [cpuBefore, threadBefore] = [process.cpuUsage(), process.threadCpuUsage()];
  const window = await openWindow(server, audience);
  await audience.press(joins, IN_FLIGHT, signal);
  const storm = await window();
  const [cpuMs, threadMs] = [sumMs(process.cpuUsage(cpuBefore)), sumMs(process.threadCpuUsage(threadBefore))];
  await delay(SETTLE_MS, undefined, { signal });
  const [steadyCpuBefore, steadyThreadBefore] = [process.cpuUsage(), process.threadCpuUsage()];
  const steadyWindow = await openWindow(server, audience);
  await delay(steadyMs, undefined, { signal });
  const steady = await steadyWindow();
  const steadyCpuMs = sumMs(process.cpuUsage(steadyCpuBefore));
  const steadyThreadMs = sumMs(process.threadCpuUsage(steadyThreadBefore));

  const joined = audience.joinedCount;
  // While people came, half of them were in on average.
  const nodeShare = storm.elapsedMs / steady.elapsedMs / 2;
  return {
    perSecond: (joined * 1000) / storm.elapsedMs,
    workerMs: (storm.workerCpuMs - (steady.workerCpuMs / steady.packets) * storm.packets) / joined,
    nodeMs: (storm.nodeCpuMs - steady.nodeCpuMs * nodeShare) / joined,
    clientMs: (cpuMs - (steadyCpuMs / steady.packets) * storm.packets) / joined,
    clientThreadMs: (threadMs - (steadyThreadMs / steady.packets) * storm.packets) / joined,
    clientUsPerPacket: (steadyCpuMs * 1000) / steady.packets,
  };
}

function sumMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

/** A load test, in processes of its own, against a server that is new too; null when the server did not tell. */
async function measureCold(joins: number, warm: WarmResult, signal: AbortSignal): Promise<Cold | null> {
  const server = await BenchServer.create(signal);
  try {
    const size = ['--listeners', `${joins}`, '--full', `${joins}`, '--rate', `${COLD.perSecond}`, '--duration', '2'];
    const { options } = parseLoadTest([...size, '--processes', '1', '--url', server.origin])!;
    const { arriving, listeners, packetsPerListenerPerSecond, sfu } = await runLoadTest(options, { signal });
    signal.throwIfAborted();
    if (!arriving || listeners.joined < joins) return null;
    const { seconds, nodeCpuMs, workerCpuMs, clientCpuMs } = arriving;
    const { nodeMsPerSecond, scrapeNodeMs } = warm.background;
    // `/metrics` is read once a second; half of the listeners were in on average.
    const packets = (seconds / 2) * joins * (packetsPerListenerPerSecond ?? 0);
    const packetsMs = (packets * (warm.clientUsPerPacket?.median ?? 0)) / 1000;
    return {
      joins,
      workerMs: (workerCpuMs - (packets * (sfu.cpuUsPerPacket ?? 0)) / 1000) / joins,
      nodeMs: (nodeCpuMs - seconds * (nodeMsPerSecond + scrapeNodeMs)) / joins,
      clientMs: (clientCpuMs - packetsMs) / joins,
    };
  } finally {
    await server.close();
  }
}

/** Two windows with one and with many readings of `/metrics` tell apart what the time and what the readings cost. */
async function measureBackground(server: BenchServer, windowMs: number, signal: AbortSignal): Promise<Background> {
  await delay(SETTLE_MS, undefined, { signal });
  const consume = async (work: () => Promise<void>) => {
    const [before, startedMs] = [await server.usage(), performance.now()];
    await work();
    const after = await server.usage();
    return { cpuMs: after.nodeCpuMs - before.nodeCpuMs, elapsedMs: performance.now() - startedMs };
  };
  const quiet = await consume(async () => delay(windowMs, undefined, { signal }));
  const read = await consume(async () => {
    for (let count = 1; count < SCRAPES; count++) await server.usage();
  });
  const times = read.elapsedMs / quiet.elapsedMs;
  const scrapeNodeMs = (read.cpuMs - quiet.cpuMs * times) / (SCRAPES - times);
  return { scrapeNodeMs, nodeMsPerSecond: Math.max(0, (quiet.cpuMs - scrapeNodeMs) * 1000) / quiet.elapsedMs };
}

async function arrive(audience: Audience, joins: number, rate: number, signal: AbortSignal) {
  await audience.arrive(joins, rate, signal);
  return timesOf(audience);
}

function timesOf(audience: Audience) {
  const { p50, p95 } = percentilesOf(audience.listeners.flatMap(({ ttfaMs }) => ttfaMs ?? []));
  return { p50Ms: p50, p95Ms: p95 };
}

async function inFreshAudience<T>(
  server: BenchServer,
  stage: Stage,
  signal: AbortSignal,
  work: (audience: Audience) => Promise<T>,
): Promise<T> {
  const audience = new Audience(server, stage.roomId);
  try {
    const result = await work(audience);
    const { joinedCount, failures, listeners } = audience;
    if (joinedCount < listeners.length)
      throw new Error(`${joinedCount} of ${listeners.length} joined: ${failures.join(', ')}`);
    return result;
  } finally {
    audience.close();
    // Leaving costs too, and is not to be counted with who comes next.
    if (!signal.aborted) await delay(SETTLE_MS);
  }
}
