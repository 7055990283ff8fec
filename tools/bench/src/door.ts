import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { percentilesOf } from '@tribune/loadtest/hearing/stats.ts';
import { PROTOCOL_VERSION } from '@tribune/shared/domain.ts';
import type { SessionResponse, TicketResponse } from '@tribune/shared/protocol.ts';
import { BenchServer, usageBetween } from './BenchServer.ts';
import type { CrowdCommand, CrowdCounts, CrowdOptions } from './doorCrowd.ts';
import { PlainSocket } from './PlainSocket.ts';
import { createTalkingStage } from './sfu.ts';

/** What the server has by default, and not the bench's absence of limits. */
const LIMITS = {
  ...{ TRUST_PROXY: '1', ROOM_CAPACITY: '10000', NODE_CAPACITY: '10000', JOINS_PER_S: '200', MAX_ROOMS_PER_USER: '3' },
  ...{ ROOMS_PER_ADDRESS_PER_HOUR: '60', PEOPLE_PER_ADDRESS: '2000', PER_ADDRESS_SHARE: '0.5' },
};
const CROWD_ADDRESS = '198.51.100.66';
/** The crowd has gone, or is there in full. */
const SETTLE_MS = 2000;
const WARM_UP_MS = 3000;
const JOIN_LIMIT_MS = 20_000;

export interface DoorSize {
  readonly honestPerSecond: number;
  readonly attackPerSecond: number;
  readonly windowMs: number;
  /** With the attack, and as many without, by turns. */
  readonly windows: number;
}

/** How people got in: from the first request to the welcome. */
interface Arrivals {
  readonly joined: number;
  readonly refused: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** CPU of the server's Node process in each second. */
  readonly nodeMsPerSecond: number;
}

export interface DoorResult {
  readonly without: Arrivals;
  readonly with: Arrivals;
  /** Of the 95th percentiles. */
  readonly ratio: number;
  /** Requests that the attack sent, over the windows in which it went on. */
  readonly attackPerSecond: number;
  /** What became of them: HTTP statuses, and what came of handshakes. */
  readonly attack: Readonly<Record<string, number>>;
}

/** Whether people get in as usual while somebody at another address does all that they can to get in their way. */
export async function measureDoor(size: DoorSize, signal: AbortSignal): Promise<DoorResult> {
  const server = await BenchServer.create(signal, LIMITS);
  try {
    const stage = await createTalkingStage(server, 1);
    const { origin } = server;
    const crowd = startCrowd({ origin, roomId: stage.roomId, address: CROWD_ADDRESS, perSecond: size.attackPerSecond });
    try {
      // The first requests are slower: nothing is compiled yet.
      await new HonestPeople(server, stage.roomId).arrive(size.honestPerSecond, WARM_UP_MS, signal);
      const [without, attacked] = [new HonestPeople(server, stage.roomId), new HonestPeople(server, stage.roomId)];
      let attackS = 0;
      for (let window = 0; window < size.windows; window++) {
        await without.arrive(size.honestPerSecond, size.windowMs, signal);
        const startedMs = performance.now();
        crowd.tell('start');
        await delay(SETTLE_MS, undefined, { signal });
        await attacked.arrive(size.honestPerSecond, size.windowMs, signal);
        crowd.tell('stop');
        attackS += (performance.now() - startedMs) / 1000;
        await delay(SETTLE_MS, undefined, { signal });
      }
      const { sent, outcomes } = await crowd.counts();
      const [usual, during] = [without.arrivals, attacked.arrivals];
      return {
        ...{ without: usual, with: during, ratio: during.p95Ms / usual.p95Ms },
        ...{ attackPerSecond: sent / attackS, attack: outcomes },
      };
    } finally {
      await crowd.end();
      await stage.close();
    }
  } finally {
    await server.close();
  }
}

/** In a thread of its own, so that what it does delays nobody else in this process. */
function startCrowd(options: CrowdOptions) {
  const worker = new Worker(new URL('doorCrowd.ts', import.meta.url), { workerData: options });
  const tell = (command: CrowdCommand) => worker.postMessage(command);
  return {
    tell,
    counts: async (): Promise<CrowdCounts> => {
      tell('count');
      const [counts] = (await once(worker, 'message')) as [CrowdCounts];
      return counts;
    },
    end: async () => void (await worker.terminate()),
  };
}

/** People who come one by one, each from an address of their own, and leave once they are in. */
class HonestPeople {
  readonly #server: BenchServer;
  readonly #roomId: string;
  #timesMs: number[] = [];
  #nodeCpuMs = 0;
  #elapsedMs = 0;
  #refused = 0;

  constructor(server: BenchServer, roomId: string) {
    this.#server = server;
    this.#roomId = roomId;
  }

  /** @throws {Error} where nobody got in */
  get arrivals(): Arrivals {
    const { p50, p95 } = percentilesOf(this.#timesMs);
    if (p50 === null || p95 === null) throw new Error('No honest person got in');
    const nodeMsPerSecond = (this.#nodeCpuMs * 1000) / this.#elapsedMs;
    return { joined: this.#timesMs.length, refused: this.#refused, p50Ms: p50, p95Ms: p95, nodeMsPerSecond };
  }

  async arrive(perSecond: number, forMs: number, signal: AbortSignal): Promise<void> {
    const before = await this.#server.usage();
    const startedMs = performance.now();
    const coming: Promise<void>[] = [];
    for (let index = 0; (index * 1000) / perSecond < forMs; index++) {
      const waitMs = startedMs + (index * 1000) / perSecond - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      coming.push(this.#come());
    }
    await Promise.all(coming);
    this.#elapsedMs += performance.now() - startedMs;
    this.#nodeCpuMs += usageBetween(before, await this.#server.usage()).nodeCpuMs;
  }

  async #come(): Promise<void> {
    const startedMs = performance.now();
    const address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
    try {
      const { token } = await this.#post<SessionResponse>('/api/session', address, { name: 'Visitor' });
      const path = `/api/rooms/${this.#roomId}/tickets`;
      const { ticket, rtpCapabilities } = await this.#post<TicketResponse>(path, address, {}, token);
      const auth = { ticket, protocol: PROTOCOL_VERSION, instanceId: randomUUID(), rtpCapabilities };
      const socket = new PlainSocket(this.#server.origin, auth, () => undefined, address);
      try {
        await socket.welcomed();
      } finally {
        socket.close();
      }
      this.#timesMs.push(performance.now() - startedMs);
    } catch {
      this.#refused += 1;
    }
  }

  async #post<T>(path: string, address: string, body: object, token?: string): Promise<T> {
    const response = await fetch(this.#server.origin + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': address,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(JOIN_LIMIT_MS),
    });
    const answer = (await response.json()) as T;
    if (response.status !== 201) throw new Error(`${path}: ${response.status}`);
    return answer;
  }
}
