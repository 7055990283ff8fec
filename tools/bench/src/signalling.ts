import { setTimeout as delay } from 'node:timers/promises';
import { BenchServer, usageBetween } from './BenchServer.ts';
import { figureOf, type Figure } from './figures.ts';
import { PlainAudience } from './PlainAudience.ts';

const SETTLE_MS = 2000;
const WARM_UP_PULSES = 3;
/** Pulses come once a period. Within it, counted from the last one, this is when the window without a pulse begins, and the one with the next. */
const QUIET_FROM = 0.3;
const BUSY_FROM = 0.8;

export interface SignallingSize {
  /** `pulses` in each run; the larger the room, the fewer say as much. */
  readonly rooms: readonly { readonly sockets: number; readonly pulses: number }[];
  readonly runs: number;
}

export interface SignallingResult {
  readonly sockets: number;
  /** Node CPU for each socket that one room-wide message reaches. */
  readonly usPerSocket: Figure | null;
  readonly kbPerSocket: number;
}

interface Window {
  readonly nodeCpuMs: number;
  readonly elapsedMs: number;
  readonly messages: number;
}

interface Pair {
  readonly quiet: Window;
  readonly busy: Window;
}

/** What one message to a whole room costs, and a socket that only waits for it. */
export async function measureSignalling(size: SignallingSize, signal: AbortSignal): Promise<SignallingResult[]> {
  const results: SignallingResult[] = [];
  for (const { sockets, pulses } of size.rooms) {
    const server = await BenchServer.create(signal);
    const audience = new PlainAudience(server);
    try {
      results.push({ sockets, ...(await measureRoom(server, audience, { ...size, sockets, pulses }, signal)) });
    } finally {
      audience.close();
      await server.close();
    }
  }
  return results;
}

async function measureRoom(
  server: BenchServer,
  audience: PlainAudience,
  { sockets, pulses, runs }: { sockets: number; pulses: number; runs: number },
  signal: AbortSignal,
) {
  const before = await server.usage();
  await audience.fill(sockets, signal);
  await delay(SETTLE_MS, undefined, { signal });
  const { nodeRssKb } = usageBetween(before, await server.usage());
  const pulse = async () => audience.pulse(1, signal);
  // The first pulses are slower: nothing is compiled yet.
  await audience.pulse(WARM_UP_PULSES, signal);
  const startedMs = performance.now();
  await pulse();
  const periodMs = performance.now() - startedMs;
  const usPerSocket: (number | null)[] = [];
  for (let run = 0; run < runs; run++) {
    const pairs: Pair[] = [];
    for (let done = 0; done < pulses; done++) {
      await delay(periodMs * QUIET_FROM, undefined, { signal });
      const quiet = await measureWindow(server, audience, async () =>
        delay(periodMs * (1 - BUSY_FROM), undefined, { signal }),
      );
      const waitMs = periodMs * (BUSY_FROM - QUIET_FROM) - quiet.elapsedMs;
      await delay(Math.max(0, waitMs), undefined, { signal });
      pairs.push({ quiet, busy: await measureWindow(server, audience, pulse) });
    }
    usPerSocket.push(usPerMessage(pairs.filter((pair) => isSound(pair, sockets))));
  }
  return { usPerSocket: figureOf(usPerSocket), kbPerSocket: nodeRssKb / sockets };
}

/** One pulse that reached everyone, within a window hardly longer than the other. */
function isSound({ quiet, busy }: Pair, sockets: number): boolean {
  return quiet.messages === 0 && busy.messages === sockets && busy.elapsedMs < quiet.elapsedMs * 2;
}

/** What the sockets cost anyway, such as pings, is in both windows, and so is asking for the figures. */
function usPerMessage(pairs: readonly Pair[]): number | null {
  let cpuMs = 0;
  let messages = 0;
  for (const { quiet, busy } of pairs) {
    cpuMs += busy.nodeCpuMs - quiet.nodeCpuMs;
    messages += busy.messages;
  }
  return messages > 0 ? (cpuMs * 1000) / messages : null;
}

/** CPU and messages from one moment to another at which no pulse is under way. */
async function measureWindow(server: BenchServer, audience: PlainAudience, work: () => Promise<void>): Promise<Window> {
  const messagesBefore = audience.messages;
  const startedMs = performance.now();
  const before = await server.usage();
  await work();
  const { nodeCpuMs } = usageBetween(before, await server.usage());
  return { nodeCpuMs, elapsedMs: performance.now() - startedMs, messages: audience.messages - messagesBefore };
}
