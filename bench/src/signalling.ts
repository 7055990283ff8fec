import { setTimeout as delay } from 'node:timers/promises';
import { BenchServer, usageBetween } from './BenchServer.ts';
import { figureOf, type Figure } from './figures.ts';
import { PlainAudience } from './PlainAudience.ts';

const SETTLE_MS = 2000;

export interface SignallingSize {
  /** `pulses` in each run; the larger the room, the fewer say as much. */
  readonly rooms: readonly { readonly sockets: number; readonly pulses: number }[];
  /** Of each window without one: short of the 5 s after which the server sends one anyway. */
  readonly quietMs: number;
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
  { sockets, pulses, quietMs, runs }: { sockets: number; pulses: number; quietMs: number; runs: number },
  signal: AbortSignal,
) {
  const before = await server.usage();
  await audience.fill(sockets, signal);
  await delay(SETTLE_MS, undefined, { signal });
  const { nodeRssKb } = usageBetween(before, await server.usage());
  const quietWindow = async () => measureWindow(server, audience, async () => delay(quietMs, undefined, { signal }));
  const busyWindow = async () => measureWindow(server, audience, async () => audience.pulse(pulses, signal));
  // The first pulses are slower: nothing is compiled yet.
  await busyWindow();
  let quiet = await quietWindow();
  const usPerSocket: (number | null)[] = [];
  for (let run = 0; run < runs; run++) {
    const busy = await busyWindow();
    const quietAfter = await quietWindow();
    usPerSocket.push(usPerMessage(busy, [quiet, quietAfter]));
    quiet = quietAfter;
  }
  return { usPerSocket: figureOf(usPerSocket), kbPerSocket: nodeRssKb / sockets };
}

/** What the sockets cost anyway, such as pings, is in all windows: its mean before and after is taken off. */
function usPerMessage(busy: Window, quiets: readonly Window[]): number | null {
  const quietCpuMs = mean(quiets.map(({ nodeCpuMs, elapsedMs }) => nodeCpuMs / elapsedMs)) * busy.elapsedMs;
  const quietMessages = mean(quiets.map(({ messages }) => messages));
  const messages = busy.messages - quietMessages;
  return messages > 0 ? ((busy.nodeCpuMs - quietCpuMs) * 1000) / messages : null;
}

/** All windows begin and end when the last pulse has arrived everywhere, so that none has half of one. */
async function measureWindow(server: BenchServer, audience: PlainAudience, work: () => Promise<void>): Promise<Window> {
  const messagesBefore = audience.messages;
  const startedMs = performance.now();
  const before = await server.usage();
  await work();
  const { nodeCpuMs } = usageBetween(before, await server.usage());
  return { nodeCpuMs, elapsedMs: performance.now() - startedMs, messages: audience.messages - messagesBefore };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
