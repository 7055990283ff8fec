import { readFileSync } from 'node:fs';
import type { Redis, Result } from 'ioredis';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';

const BEAT_MS = 1000;
/** Three beats missed: a node that is only slow stays in. */
const NODE_LIFE_MS = 4000;
/** From the ticket to the handshake. */
const RESERVATION_MS = 10_000;
/** In the queue, who has not asked for so long has gone. */
const PLACE_LIFE_MS = 15_000;
/** From the word that they have to go to their next ticket. */
const MOVE_MS = 60_000;
const RETRY_MIN_S = 2;
const RETRY_MAX_S = 8;
/** One more second between two questions for so many who are ahead. */
const AHEAD_PER_RETRY_SECOND = 100;

const KEYS = ['info', 'seen', 'reserved', 'queue', 'asked', 'counts', 'counts:let', 'counts:places', 'moving'].map(
  (name) => `tribune:{nodes}:${name}`,
);

const nodeInfo = z.object({
  id: z.string(),
  /** Origin under which people reach it; null where there is one node only, and it is the page's. */
  url: z.string().nullable(),
  /** In all rooms. */
  listeners: z.number(),
  capacity: z.number(),
  joinsPerS: z.number(),
  /** Gets nobody any more. */
  draining: z.boolean(),
});

export type NodeInfo = z.infer<typeof nodeInfo>;
/** A live node, and how many people are on their way to it. */
export type LiveNode = NodeInfo & { readonly coming: number };

/** What becomes of a listener who wants in. */
export type Admission =
  | { readonly kind: 'node'; readonly node: NodeInfo }
  | {
      readonly kind: 'wait';
      /** 1 is next. */
      readonly place: number;
      /** Null while nobody has come in from the queue, so that nothing can be said. */
      readonly estimateS: number | null;
      readonly retryAfterS: number;
    };

interface NodeRegistryOptions {
  readonly redis: Redis;
  readonly logger: Logger;
  /** As this node is now. */
  readonly describe: () => NodeInfo;
}

/**
 * The nodes of the cluster, as Redis knows them: each says once a second that it lives and how full it is, and forgets those that
 * have not said so for 4 s. Redis' own clock is the only one used.
 */
export class NodeRegistry {
  readonly #options: NodeRegistryOptions;
  #nodes: readonly LiveNode[] = [];
  #arrived: string[] = [];
  /** Until then, a node that Redis does not know is one that it has forgotten. */
  #trustedUntil = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  #beating = false;

  constructor(options: NodeRegistryOptions) {
    this.#options = options;
    options.redis.defineCommand('clusterNodes', {
      numberOfKeys: KEYS.length,
      lua: readFileSync(new URL('nodes.lua', import.meta.url), 'utf8'),
    });
  }

  /** As of the last beat: when Redis does not answer, what was known goes on to hold. */
  get nodes(): readonly LiveNode[] {
    return this.#nodes;
  }

  find(nodeId: string): LiveNode | undefined {
    return this.#nodes.find(({ id }) => id === nodeId);
  }

  /** @throws {AppError} UNAVAILABLE */
  async start(): Promise<void> {
    await this.beat();
    this.#timer = setInterval(() => void this.beat().catch(() => undefined), BEAT_MS);
  }

  /** Says how this node is, and reads how the others are. @throws {AppError} UNAVAILABLE */
  async beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    const arrived = this.#arrived;
    this.#arrived = [];
    try {
      const self = this.#options.describe();
      const answer = await this.#run('beat', self.id, JSON.stringify(self), NODE_LIFE_MS, JSON.stringify(arrived));
      const [isNew, ...flat] = answer;
      this.#take(readNodes(flat), isNew === 1);
    } catch (error) {
      this.#arrived.unshift(...arrived);
      throw error;
    } finally {
      this.#beating = false;
    }
  }

  /** They are counted among this node's listeners from the next beat on, and no more as on their way. */
  handleArrival(userId: string): void {
    this.#arrived.push(userId);
  }

  /**
   * Finds a node for a listener and keeps a place there, or in the queue where all are full.
   * @param avoid URL of a node that did not answer them: it may be dead, and not be missed yet
   * @throws {AppError} UNAVAILABLE, or RATE_LIMITED when there is room and too many come within this second
   */
  async admit(userId: string, avoid = ''): Promise<Admission> {
    const answer = await this.#run(
      ...(['admit', userId, NODE_LIFE_MS, RESERVATION_MS, PLACE_LIFE_MS, Math.random(), Math.random(), avoid] as const),
    );
    const [verdict, ...rest] = answer;
    if (verdict === 'busy') throw new AppError('RATE_LIMITED', 'Many people are coming in: come back in a moment');
    if (verdict === 'wait') return toWait(Number(rest[0]), Number(rest[1]));
    const node = this.find(String(rest[0])) ?? (await this.#look(String(rest[0])));
    return { kind: 'node', node };
  }

  /** They have to leave this node, and get a place elsewhere though all be full. Harmless when Redis is away. */
  async keepPlaces(people: readonly string[]): Promise<void> {
    if (people.length > 0) await this.#run('move', JSON.stringify(people), MOVE_MS).catch(() => undefined);
  }

  /** This node goes: nobody is sent to it from here on. Harmless when Redis is away. */
  async leave(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#run('leave', this.#options.describe().id).catch(() => undefined);
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Where Redis did not know even this node, it has lost the others too: they are given time to say that they live. */
  #take(nodes: readonly LiveNode[], isNew: boolean): void {
    if (isNew && this.#nodes.length > 0) this.#trustedUntil = performance.now() + NODE_LIFE_MS;
    const isTrusted = performance.now() < this.#trustedUntil;
    const missing = isTrusted ? this.#nodes.filter(({ id }) => !nodes.some((node) => node.id === id)) : [];
    this.#nodes = [...nodes, ...missing];
  }

  /** A node that came since the last beat. */
  async #look(nodeId: string): Promise<NodeInfo> {
    this.#nodes = readNodes(await this.#run('list', NODE_LIFE_MS));
    const node = this.find(nodeId);
    if (!node) throw new AppError('UNAVAILABLE', 'The node has gone');
    return node;
  }

  async #run(...args: readonly (string | number)[]): Promise<(string | number)[]> {
    try {
      return await this.#options.redis.clusterNodes(...KEYS, ...args.map(String));
    } catch (error) {
      throw new AppError('UNAVAILABLE', 'The store does not answer', { cause: error });
    }
  }
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    clusterNodes(...keysAndArgs: string[]): Result<(string | number)[], Context>;
  }
}

/** @param letIn from the queue within the last minute */
function toWait(place: number, letIn: number): Admission {
  return {
    kind: 'wait',
    place,
    estimateS: letIn > 0 ? Math.ceil((place * 60) / letIn) : null,
    retryAfterS: Math.min(RETRY_MIN_S + Math.floor(place / AHEAD_PER_RETRY_SECOND), RETRY_MAX_S),
  };
}

function readNodes(flat: readonly (string | number)[]): LiveNode[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({
    ...nodeInfo.parse(JSON.parse(String(flat[2 * i]))),
    coming: Number(flat[2 * i + 1]),
  }));
}
