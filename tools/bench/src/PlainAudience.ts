import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { PROTOCOL_VERSION } from '@tribune/shared/domain.ts';
import { BENCH_NODE_ID, type BenchServer } from './BenchServer.ts';
import { PlainSocket } from './PlainSocket.ts';

const CONNECTING_AT_ONCE = 40;
const SOCKETS_PER_SECOND = 700;
/** As in the server's `SignalingServer.ts`: each socket is pinged so long after it connected, again and again. */
const PING_INTERVAL_MS = 8000;
const ROOM_MESSAGE = 'room:pulse';
/** A pulse is due once a second, and less often in a large room. */
const PULSE_LIMIT_MS = 15_000;

/** People in a room in which nobody speaks: sockets alone, without media. */
export class PlainAudience {
  readonly #server: BenchServer;
  readonly #sockets: PlainSocket[] = [];
  readonly #arrivals = new EventEmitter<{ everywhere: [] }>();
  #messages = 0;
  #awaited = 0;

  constructor(server: BenchServer) {
    this.#server = server;
  }

  /** Room-wide messages that arrived, over all sockets. */
  get messages(): number {
    return this.#messages;
  }

  /** Connects them evenly over one or more of the server's ping intervals: so their pings lie evenly too, and not in bursts. */
  async fill(sockets: number, signal: AbortSignal): Promise<void> {
    const { origin, tokens } = this.#server;
    const api = new ApiClient(origin, tokens.signSession({ userId: randomUUID(), name: 'Host' }));
    const { id } = await api.createRoom({ title: 'Bench' });
    const { rtpCapabilities } = await api.createTicket(id);
    const spreadMs = Math.ceil((sockets * 1000) / SOCKETS_PER_SECOND / PING_INTERVAL_MS) * PING_INTERVAL_MS;
    const startMs = performance.now();
    const connecting = new Set<Promise<void>>();
    for (let index = 0; index < sockets; index++) {
      const waitMs = startMs + (index * spreadMs) / sockets - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      if (connecting.size >= CONNECTING_AT_ONCE) await Promise.race(connecting);
      const person = { userId: randomUUID(), name: `Listener ${index + 1}` };
      const ticket = tokens.signTicket(person, { room: id, role: 'listener', node: BENCH_NODE_ID, paced: false });
      const auth = { ticket, protocol: PROTOCOL_VERSION, instanceId: randomUUID(), rtpCapabilities };
      const socket = new PlainSocket(origin, auth, (name) => this.#handleEvent(name));
      this.#sockets.push(socket);
      const welcomed = socket.welcomed().finally(() => connecting.delete(welcomed));
      welcomed.catch(() => undefined);
      connecting.add(welcomed);
    }
    await Promise.all(connecting);
  }

  /**
   * Someone applauds, and everyone is told with the next pulse; so often, one after the other.
   * Nothing is left to be told when it resolves.
   * @throws {Error} when a pulse does not reach everyone
   */
  async pulse(times: number, signal: AbortSignal): Promise<void> {
    for (let time = 0; time < times; time++) {
      this.#awaited = this.#messages + this.#sockets.length;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PULSE_LIMIT_MS)]);
      const arrived = once(this.#arrivals, 'everywhere', { signal: limit });
      this.#sockets[0]?.emit('reaction:send', { kind: 'clap' });
      await arrived;
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #handleEvent(name: string): void {
    if (name !== ROOM_MESSAGE) return;
    this.#messages += 1;
    if (this.#messages === this.#awaited) this.#arrivals.emit('everywhere');
  }
}
