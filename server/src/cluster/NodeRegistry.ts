import type { Redis } from 'ioredis';
import { nanoid } from 'nanoid';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { defineNodeScript, NODE_LIFE_MS, type ScriptAnswer } from './nodeScripts.ts';

const BEAT_MS = 1000;
/** Clocks that differ by more are said to differ. */
const CLOCK_TOLERANCE_MS = 5000;
/** Mixer loads that differ by less are the same: rooms stay where their host is. */
const SAME_LOAD = 0.1;

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
  /** False while it should be sent nobody. */
  accepting: z.boolean(),
  /** Why it is not accepting: its media does not get through, or its secret is not that of the others. */
  reason: z.enum(['media', 'secret']).nullable(),
  /** Share of a core that its least busy mixer uses, 0 to 1. */
  mixerLoad: z.number(),
  /** Has a mixer with room for the stage of another room. */
  takesRooms: z.boolean(),
  /** Tells nodes whose SECRET differs, of which neither takes the other's tickets. */
  secretFingerprint: z.string(),
  /** Tells nodes that keep recordings in different places; empty where nothing is recorded. */
  storagePlace: z.string().default(''),
  /** Tells a process from another of the same name. */
  instance: z.string(),
  /** How far its clock is ahead of Redis', in ms. */
  clockAheadMs: z.number().default(0),
  /** Unix time in ms of its first beat, by Redis' clock. */
  startedAt: z.number().default(0),
});

export type NodeInfo = z.infer<typeof nodeInfo>;
/** A live node, and how many people are on their way to it. */
export type LiveNode = NodeInfo & { readonly coming: number };
/** Why this node can be no part of the cluster: another process has its name, or the others have another secret. */
export interface NodeProblem {
  readonly reason: 'name' | 'secret';
  readonly message: string;
}

/** How a node is at this moment. */
export type NodeState = Omit<NodeInfo, 'instance' | 'startedAt' | 'clockAheadMs'>;

interface NodeRegistryOptions {
  readonly redis: Redis;
  readonly logger: Logger;
  /** As this node is now. */
  readonly describe: () => NodeState;
  /** A clock for tests; without one, Redis' own. */
  readonly nowMs?: () => number;
}

/**
 * The nodes of the cluster, as Redis knows them: each says once a second that it lives and how it is, and forgets those that have not
 * said so for 4 s. Redis' own clock is the only one used.
 */
export class NodeRegistry {
  readonly #options: NodeRegistryOptions;
  readonly #run: ReturnType<typeof defineNodeScript>;
  readonly #instance = nanoid();
  #nodes: readonly LiveNode[] = [];
  #arrived: string[] = [];
  #problem: NodeProblem | null = null;
  #problemSinceMs = 0;
  #storageProblemTold: string | null = null;
  /** Until then, a node that Redis does not know is one that it has forgotten. */
  #trustedUntilMs = -Infinity;
  /** What Redis' clock says, less this process' own steady clock. */
  #redisClockMs: number | null = null;
  #clockAheadMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #hasLeft = false;
  #secretFingerprint: string | null = null;
  #beating: Promise<void> | null = null;

  constructor(options: NodeRegistryOptions) {
    this.#options = options;
    this.#run = defineNodeScript(options.redis, 'clusterNodes', new URL('nodes.lua', import.meta.url), options.nowMs);
  }

  /** As of the last beat: when Redis does not answer, what was known goes on to hold. */
  get nodes(): readonly LiveNode[] {
    return this.#nodes;
  }

  /** Null where this node can be part of the cluster. */
  get problem(): NodeProblem | null {
    return this.#problem;
  }

  /**
   * Whether this node has to keep away from people. Its own name is taken for some seconds after a crash; longer than that, another
   * process has it, and both would take themselves for the home of the same rooms.
   */
  get mustKeepAway(): boolean {
    if (!this.#problem) return false;
    return this.#problem.reason !== 'name' || performance.now() - this.#problemSinceMs > NODE_LIFE_MS + BEAT_MS;
  }

  /** Why nothing can be recorded by these nodes; null where it can. */
  get storageProblem(): string | null {
    const { id, storagePlace } = this.#options.describe();
    if (storagePlace === '') return null;
    const other = this.#nodes.find((node) => node.storagePlace !== '' && node.storagePlace !== storagePlace);
    if (!other) return null;
    return `nodes ${[id, other.id].toSorted().join(' and ')} keep recordings in different places: all need the same DATABASE_URL and S3_URL, or RECORDING=off`;
  }

  /** Unix time in ms by Redis' clock, the one that all nodes share: theirs may differ, or be set. */
  get nowMs(): number {
    return this.#redisClockMs === null ? Date.now() : performance.now() + this.#redisClockMs;
  }

  /** Nodes with another secret take none of the tickets that this one signs. */
  get secretFingerprint(): string {
    // Every ticket asks for it, and to describe the node is work.
    this.#secretFingerprint ??= this.#options.describe().secretFingerprint;
    return this.#secretFingerprint;
  }

  find(nodeId: string): LiveNode | undefined {
    return this.#nodes.find(({ id }) => id === nodeId);
  }

  /** Also one that came since the last beat. @throws {AppError} UNAVAILABLE */
  async findOrLook(nodeId: string): Promise<LiveNode> {
    const known = this.find(nodeId);
    if (known) return known;
    this.#nodes = readNodes(await this.#run('list', NODE_LIFE_MS));
    const node = this.find(nodeId);
    if (!node) throw new AppError('UNAVAILABLE', 'The node has gone');
    return node;
  }

  /** The node that the stage of a new room should be on: the one whose mixers have most room. Null where none takes a room. */
  pickHome(): LiveNode | null {
    const { id } = this.#options.describe();
    const able = this.#nodes.filter(
      ({ draining, takesRooms, secretFingerprint }) =>
        !draining && takesRooms && secretFingerprint === this.secretFingerprint,
    );
    const accepting = able.filter((node) => node.accepting);
    const candidates = accepting.length > 0 ? accepting : able;
    const least = Math.min(...candidates.map(({ mixerLoad }) => mixerLoad));
    const best = candidates.filter(({ mixerLoad }) => mixerLoad < least + SAME_LOAD);
    return best.find((node) => node.id === id) ?? best[0] ?? null;
  }

  /** Says that this node lives, from now on once a second until it leaves. Idempotent. @throws {AppError} UNAVAILABLE */
  async start(): Promise<void> {
    await this.beat();
    if (!this.#hasLeft) this.#timer ??= setInterval(() => void this.beat().catch(() => undefined), BEAT_MS);
  }

  /** Says how this node is, and reads how the others are. One at a time. @throws {AppError} UNAVAILABLE */
  async beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = null;
    });
    return this.#beating;
  }

  /** They are counted among this node's listeners from the next beat on, and no longer as on their way. */
  handleArrival(person: string): void {
    this.#arrived.push(person);
  }

  /** This node goes: nobody is sent to it from here on. Harmless while Redis is away. */
  async leave(): Promise<void> {
    this.close();
    await this.#beating?.catch(() => undefined);
    await this.#run('leave', this.#options.describe().id, this.#instance).catch(() => undefined);
  }

  close(): void {
    this.#hasLeft = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #beat(): Promise<void> {
    if (this.#hasLeft) return;
    const arrived = this.#arrived;
    this.#arrived = [];
    try {
      const self = {
        ...this.#options.describe(),
        instance: this.#instance,
        clockAheadMs: Math.round(this.#clockAheadMs),
      };
      const [state, time, ...flat] = await this.#run(
        'beat',
        ...[self.id, JSON.stringify(self), self.instance, NODE_LIFE_MS, JSON.stringify(arrived)],
      );
      this.#takeClock(Number(time));
      const nodes = readNodes(flat);
      this.#setProblem(state === 'taken' ? nameIsTaken(self) : findForeignSecret(nodes, self));
      this.#take(nodes, state === 'new');
      this.#tellStorage();
    } catch (error) {
      this.#arrived.unshift(...arrived);
      throw error;
    }
  }

  /** Says once when the clock begins to differ, and once when it does no longer. */
  #takeClock(redisMs: number): void {
    this.#redisClockMs = redisMs - performance.now();
    const wasOff = Math.abs(this.#clockAheadMs) > CLOCK_TOLERANCE_MS;
    this.#clockAheadMs = Date.now() - redisMs;
    const isOff = Math.abs(this.#clockAheadMs) > CLOCK_TOLERANCE_MS;
    const { logger } = this.#options;
    const aheadMs = Math.round(this.#clockAheadMs);
    if (isOff && !wasOff)
      logger.warn({ aheadMs }, 'The clock of this machine is not that of Redis: times shown are wrong');
    else if (wasOff && !isOff) logger.info({ aheadMs }, 'The clock of this machine is that of Redis again');
  }

  /** Where Redis did not know even this node, it has lost the others too: they are given time to say that they live. */
  #take(nodes: readonly LiveNode[], isNew: boolean): void {
    if (isNew && this.#nodes.length > 0) this.#trustedUntilMs = performance.now() + NODE_LIFE_MS;
    const isTrusted = performance.now() < this.#trustedUntilMs;
    const missing = isTrusted ? this.#nodes.filter(({ id }) => !nodes.some((node) => node.id === id)) : [];
    this.#nodes = [...nodes, ...missing];
  }

  #tellStorage(): void {
    const before = this.#storageProblemTold;
    this.#storageProblemTold = this.storageProblem;
    const { logger } = this.#options;
    if (this.#storageProblemTold && !before)
      logger.error({ problem: this.#storageProblemTold }, 'Nothing can be recorded by this cluster');
    else if (!this.#storageProblemTold && before) logger.info('The nodes keep recordings in one place again');
  }

  #setProblem(problem: NodeProblem | null): void {
    if (problem && !this.#problem) this.#problemSinceMs = performance.now();
    if (problem && problem.message !== this.#problem?.message)
      this.#options.logger.error({ problem: problem.message }, 'This node cannot be part of the cluster');
    if (!problem && this.#problem) this.#options.logger.info('This node is part of the cluster again');
    this.#problem = problem;
  }
}

/** Also for some seconds after a crash, until the process that had it is missed. */
function nameIsTaken({ id }: NodeState): NodeProblem {
  return { reason: 'name', message: `another node is named ${id}` };
}

/** Of nodes with different secrets, the fewer give way; of as many, those that came later. */
function findForeignSecret(nodes: readonly LiveNode[], self: NodeState): NodeProblem | null {
  const groupOf = (secret: string) => {
    const group = nodes.filter(({ secretFingerprint }) => secretFingerprint === secret);
    const oldest = Math.min(...group.map(({ startedAt }) => startedAt));
    const firstId = group.map(({ id }) => id).toSorted()[0] ?? '';
    return { size: group.length, oldest, firstId };
  };
  const own = groupOf(self.secretFingerprint);
  const foreign = nodes.find(({ secretFingerprint }) => {
    if (secretFingerprint === self.secretFingerprint) return false;
    const { size, oldest, firstId } = groupOf(secretFingerprint);
    if (size !== own.size) return size > own.size;
    return oldest !== own.oldest ? oldest < own.oldest : firstId < own.firstId;
  });
  return foreign ? { reason: 'secret', message: `its SECRET is not that of node ${foreign.id}` } : null;
}

/** Without those of another version that say something else, as during an upgrade. */
function readNodes(flat: ScriptAnswer): LiveNode[] {
  return Array.from({ length: Math.floor(flat.length / 2) }, (_, i) => i).flatMap((i) => {
    const { data } = nodeInfo.safeParse(JSON.parse(String(flat[2 * i])));
    return data ? [{ ...data, coming: Number(flat[2 * i + 1]) }] : [];
  });
}
