import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '../../shared/src/ApiClient.ts';
import { PROTOCOL_VERSION } from '../../shared/src/domain.ts';
import { BenchServer, usageBetween } from './BenchServer.ts';
import { figureOf, type Figure } from './figures.ts';
import { PlainSocket } from './PlainSocket.ts';

const CONNECTING_AT_ONCE = 40;
const SETTLE_MS = 2000;
/** So that there is something to tell everyone whenever a pulse is due. */
const REACTION_INTERVAL_MS = 400;
const ROOM_MESSAGE = 'room:pulse';

export interface SignallingSize {
  readonly sockets: readonly number[];
  readonly windowMs: number;
  readonly runs: number;
}

export interface SignallingResult {
  readonly sockets: number;
  /** Node CPU for each socket that one room-wide message reaches. */
  readonly usPerSocket: Figure | null;
  readonly kbPerSocket: number;
}

/** What one message to a whole room costs, and a socket that only waits for it. */
export async function measureSignalling(size: SignallingSize, signal: AbortSignal): Promise<SignallingResult[]> {
  const results: SignallingResult[] = [];
  for (const sockets of size.sockets) {
    const server = await BenchServer.create(signal);
    const audience = new PlainAudience(server);
    try {
      results.push({ sockets, ...(await measureRoom(server, audience, sockets, size, signal)) });
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
  sockets: number,
  { windowMs, runs }: SignallingSize,
  signal: AbortSignal,
) {
  const before = await server.usage();
  await audience.fill(sockets, signal);
  await delay(SETTLE_MS, undefined, { signal });
  const { nodeRssKb } = usageBetween(before, await server.usage());
  const quiet = await measureWindow(server, audience, windowMs, signal);
  const usPerSocket: (number | null)[] = [];
  for (let run = 0; run < runs; run++) {
    const stopReacting = audience.react();
    const busy = await measureWindow(server, audience, windowMs, signal).finally(stopReacting);
    // What the sockets cost anyway, such as pings, is in both.
    const messages = busy.messages - quiet.messages;
    usPerSocket.push(messages > 0 ? ((busy.nodeCpuMs - quiet.nodeCpuMs) * 1000) / messages : null);
  }
  return { usPerSocket: figureOf(usPerSocket), kbPerSocket: nodeRssKb / sockets };
}

async function measureWindow(server: BenchServer, audience: PlainAudience, windowMs: number, signal: AbortSignal) {
  const messagesBefore = audience.messages;
  const before = await server.usage();
  await delay(windowMs, undefined, { signal });
  const { nodeCpuMs } = usageBetween(before, await server.usage());
  return { nodeCpuMs, messages: audience.messages - messagesBefore };
}

/** People in a room in which nobody speaks: sockets alone, without media. */
class PlainAudience {
  readonly #server: BenchServer;
  readonly #sockets: PlainSocket[] = [];
  #messages = 0;

  constructor(server: BenchServer) {
    this.#server = server;
  }

  /** Room-wide messages that arrived, over all sockets. */
  get messages(): number {
    return this.#messages;
  }

  async fill(sockets: number, signal: AbortSignal): Promise<void> {
    const { origin, tokens } = this.#server;
    const api = new ApiClient(origin, tokens.signSession({ userId: randomUUID(), name: 'Host' }));
    const { id } = await api.createRoom({ title: 'Bench' });
    const { rtpCapabilities } = await api.createTicket(id);
    const work = async () => {
      while (this.#sockets.length < sockets && !signal.aborted) {
        const person = { userId: randomUUID(), name: `Listener ${this.#sockets.length + 1}` };
        const ticket = tokens.signTicket(person, id, 'listener');
        const auth = { ticket, protocol: PROTOCOL_VERSION, instanceId: randomUUID(), rtpCapabilities };
        const socket = new PlainSocket(origin, auth, (name) => {
          if (name === ROOM_MESSAGE) this.#messages += 1;
        });
        this.#sockets.push(socket);
        await socket.welcomed();
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, work));
    signal.throwIfAborted();
  }

  /** Lets someone applaud until the function returned is called. */
  react(): () => void {
    const timer = setInterval(() => this.#sockets[0]?.emit('reaction:send', { kind: 'clap' }), REACTION_INTERVAL_MS);
    return () => clearInterval(timer);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}
