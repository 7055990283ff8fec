import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { roomMessage, type RoomMessage } from './roomMessages.ts';

/** A node hears what it publishes itself: after so long without that, the subscription is made anew. */
const DEAF_AFTER_MS = 5000;

/** Hears the messages of other nodes, and of this node's own only that one has come back. */
export interface RoomListener {
  handleMessage(message: RoomMessage, from: string): void;
  handleEcho(): void;
}

interface Subscription {
  readonly listener: RoomListener;
  /** When a message was last published that has not been heard since; null when all have. */
  unheardSinceMs: number | null;
}

interface ClusterBusOptions {
  readonly redis: Redis;
  /** A connection of its own, since one that subscribes takes no other commands. */
  readonly subscriber: Redis;
  readonly nodeId: string;
  readonly logger: Logger;
  /** No other node lives: nothing need be said. */
  readonly isAlone: () => boolean;
}

/**
 * Carries the messages of rooms between nodes: one sharded channel of Redis (7.0) for each room that is open here. At most once, and
 * nothing while Redis is away.
 */
export class ClusterBus {
  readonly nodeId: string;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #logger: Logger;
  readonly #isAlone: () => boolean;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor({ redis, subscriber, nodeId, logger, isAlone }: ClusterBusOptions) {
    this.#isAlone = isAlone;
    this.nodeId = nodeId;
    this.#redis = redis;
    this.#subscriber = subscriber;
    this.#logger = logger.child({ component: 'ClusterBus' });
    subscriber.on('smessage', (channel: string, text: string) => this.#receive(channel, text));
  }

  /** One listener for each room. */
  subscribe(roomId: string, listener: RoomListener): void {
    this.#subscriptions.set(roomId, { listener, unheardSinceMs: null });
    this.#subscribe(roomId);
  }

  unsubscribe(roomId: string): void {
    if (!this.#subscriptions.delete(roomId)) return;
    this.#subscriber.sunsubscribe(channelOf(roomId)).catch((error: unknown) => this.#logFailure(error));
  }

  /** @returns whether Redis took it. Never rejects. */
  async publish(roomId: string, message: RoomMessage): Promise<boolean> {
    if (this.#isAlone()) return true;
    this.#checkHearing(roomId);
    try {
      await this.#redis.spublish(channelOf(roomId), `${this.nodeId}\n${JSON.stringify(message)}`);
      const subscription = this.#subscriptions.get(roomId);
      if (subscription) subscription.unheardSinceMs ??= performance.now();
      return true;
    } catch (error) {
      this.#logFailure(error);
      return false;
    }
  }

  #receive(channel: string, text: string): void {
    const roomId = roomIdOf(channel);
    const subscription = roomId === null ? undefined : this.#subscriptions.get(roomId);
    if (!subscription) return;
    subscription.unheardSinceMs = null;
    const at = text.indexOf('\n');
    const from = text.slice(0, at);
    if (from === this.nodeId) return subscription.listener.handleEcho();
    const parsed = roomMessage.safeParse(parseJson(text.slice(at + 1)));
    // A node of another version may say what this one does not know.
    if (parsed.success) subscription.listener.handleMessage(parsed.data, from);
    else this.#logger.debug({ from, issues: parsed.error.issues }, 'A message of another node was not understood');
  }

  #checkHearing(roomId: string): void {
    const subscription = this.#subscriptions.get(roomId);
    const since = subscription?.unheardSinceMs ?? null;
    if (!subscription || since === null || performance.now() - since < DEAF_AFTER_MS) return;
    subscription.unheardSinceMs = null;
    this.#logger.warn({ roomId }, 'The channel of a room was not heard; subscribing anew');
    this.#subscribe(roomId);
  }

  #subscribe(roomId: string): void {
    this.#subscriber.ssubscribe(channelOf(roomId)).catch((error: unknown) => this.#logFailure(error));
  }

  #logFailure(error: unknown): void {
    this.#logger.debug({ err: error }, 'The channel of a room could not be used; the next second tries again');
  }
}

/** In the slot of the room's keys, so that a Redis Cluster spreads the channels over its servers. */
function channelOf(roomId: string): string {
  return `tribune:{${roomId}}:nodes`;
}

function roomIdOf(channel: string): string | null {
  return /^tribune:\{(.+)\}:nodes$/.exec(channel)?.[1] ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
