import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from '../../loadtest/src/Stage.ts';
import { percentilesOf } from '../../loadtest/src/stats.ts';
import { BenchServer } from './BenchServer.ts';
import { Crowd } from './Crowd.ts';
import { figureOf, type Figure } from './figures.ts';
import { createTalkingStage, openWindow } from './sfu.ts';

/** Enough to keep server and clients busy, and few enough to wait for little but each other. */
const IN_FLIGHT = 24;
const SETTLE_MS = 1000;

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
}

/** How many people can come in a second, what each takes, and how long they wait when fewer come. */
export async function measureJoins({ joins, runs, steadyMs }: JoinsSize, signal: AbortSignal): Promise<JoinsResult> {
  const server = await BenchServer.create(signal);
  try {
    const stage = await createTalkingStage(server, 1);
    try {
      // The first joins are slower: nothing is compiled yet.
      await inFreshCrowd(server, stage, signal, async (crowd) => crowd.press(joins, IN_FLIGHT, signal));
      const pressed: Pressed[] = [];
      for (let run = 0; run < runs; run++) {
        pressed.push(
          await inFreshCrowd(server, stage, signal, async (crowd) => press(server, crowd, joins, steadyMs, signal)),
        );
      }
      const perSecond = figureOf(pressed.map((run) => run.perSecond));
      const arrivals = [];
      for (const share of perSecond ? [0.5, 0.9] : []) {
        const rate = perSecond!.median * share;
        arrivals.push({
          share,
          ...(await inFreshCrowd(server, stage, signal, async (crowd) => arrive(crowd, joins, rate, signal))),
        });
      }
      return {
        perSecond,
        workerMs: figureOf(pressed.map((run) => run.workerMs)),
        nodeMs: figureOf(pressed.map((run) => run.nodeMs)),
        clientMs: figureOf(pressed.map((run) => run.clientMs)),
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
}

/** As many as can come; what those already in cost meanwhile is measured afterwards, and taken off. */
async function press(
  server: BenchServer,
  crowd: Crowd,
  joins: number,
  steadyMs: number,
  signal: AbortSignal,
): Promise<Pressed> {
  const cpuBefore = process.cpuUsage();
  const window = await openWindow(server, crowd);
  await crowd.press(joins, IN_FLIGHT, signal);
  const storm = await window();
  const { user, system } = process.cpuUsage(cpuBefore);
  await delay(SETTLE_MS, undefined, { signal });
  const steadyWindow = await openWindow(server, crowd);
  await delay(steadyMs, undefined, { signal });
  const steady = await steadyWindow();

  const joined = crowd.joinedCount;
  // While people came, half of them were in on average.
  const nodeShare = storm.elapsedMs / steady.elapsedMs / 2;
  return {
    perSecond: (joined * 1000) / storm.elapsedMs,
    workerMs: (storm.workerCpuMs - (steady.workerCpuMs / steady.packets) * storm.packets) / joined,
    nodeMs: (storm.nodeCpuMs - steady.nodeCpuMs * nodeShare) / joined,
    clientMs: (user + system) / 1000 / joined,
  };
}

async function arrive(crowd: Crowd, joins: number, rate: number, signal: AbortSignal) {
  await crowd.arrive(joins, rate, signal);
  const { p50, p95 } = percentilesOf(crowd.listeners.flatMap(({ ttfaMs }) => ttfaMs ?? []));
  return { p50Ms: p50, p95Ms: p95 };
}

async function inFreshCrowd<T>(
  server: BenchServer,
  stage: Stage,
  signal: AbortSignal,
  work: (crowd: Crowd) => Promise<T>,
): Promise<T> {
  const crowd = new Crowd(server, stage.roomId);
  try {
    const result = await work(crowd);
    const { joinedCount, failures, listeners } = crowd;
    if (joinedCount < listeners.length)
      throw new Error(`${joinedCount} of ${listeners.length} joined: ${failures.join(', ')}`);
    return result;
  } finally {
    crowd.close();
    // Leaving costs too, and is not to be counted with who comes next.
    if (!signal.aborted) await delay(SETTLE_MS);
  }
}
