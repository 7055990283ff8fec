import { Cluster, Redis, type CommonRedisOptions } from 'ioredis';
import type { Logger } from '../logger.ts';

/** Whoever asked for something is answered within 5 s, also where two commands follow each other and Redis stops at the second. */
const COMMAND_TIMEOUT_MS = 3000;
const RECONNECT_MAX_MS = 1000;
/** No more often than this for a replica: reads are answered meanwhile. */
const LEAVE_REPLICA_EVERY_MS = 2000;
const DEFAULT_PORT = { sentinel: 26_379, cluster: 6379 };
/** Not a URL: several hosts stand in it. */
const SEVERAL = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^:@/]*):([^@/]*)@)?([^/@]+)(?:\/(.+))?$/;

const retryStrategy = (attempt: number) => Math.min(50 * attempt, RECONNECT_MAX_MS);

/** Of each connection. While it is down commands fail at once: one kept for later would act after its caller was told that it did not. */
const OPTIONS = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  commandTimeout: COMMAND_TIMEOUT_MS,
  maxRetriesPerRequest: 0,
} satisfies CommonRedisOptions;

/** Of one that waits, however long that takes. */
const PATIENT = {
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  commandTimeout: undefined,
  maxRetriesPerRequest: null,
} satisfies CommonRedisOptions;

/**
 * Commands that follow from what arrived together leave in one write: each write is a system call that wakes Redis, and while a crowd
 * comes in there are many at once. Unlike pipelines, it leaves each command its own answer, time limit and fault.
 */
class GatheringRedis extends Redis {
  #isGathering = false;

  override sendCommand(...args: Parameters<Redis['sendCommand']>): ReturnType<Redis['sendCommand']> {
    if (!this.#isGathering && this.status === 'ready') this.#gather();
    return super.sendCommand(...args);
  }

  #gather(): void {
    const { stream } = this;
    this.#isGathering = true;
    stream.cork();
    setImmediate(() => {
      this.#isGathering = false;
      stream.uncork();
    });
  }
}

/**
 * A connection that comes back by itself for as long as the process lives.
 * @param url `redis://…`, `rediss://…`, the path of a socket, `redis+sentinel://user:password@host,host/name` or
 *   `redis+cluster://user:password@host,host`
 */
export function connectRedis(url: string, logger: Logger): Redis {
  const redis = open(url);
  let down = false;
  redis.on('ready', () => {
    if (down) logger.info('Redis is back');
    down = false;
  });
  redis.on('error', (error: Error) => {
    if (!down) logger.warn({ reason: error.message }, 'Redis is lost');
    down = true;
  });
  return redis;
}

/**
 * A second connection, for what others publish. It waits for Redis however long that takes, and takes its subscriptions up again
 * by itself.
 */
export function connectSubscriber(redis: Redis): Redis {
  const subscriber = isCluster(redis) ? duplicateCluster(redis) : redis.duplicate(PATIENT);
  // The first connection says it.
  subscriber.on('error', () => undefined);
  return subscriber;
}

function open(url: string): Redis {
  const [, scheme, kind, username, password, list, name] = SEVERAL.exec(url) ?? [];
  const strategies = { retryStrategy, reconnectOnError: createReplicaCheck() };
  if (!kind || !list) return new GatheringRedis(url, { ...OPTIONS, ...strategies });
  const port = DEFAULT_PORT[kind as keyof typeof DEFAULT_PORT];
  const hosts = list.split(',').map((host) => hostOf(host, port));
  const access = {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(scheme === 'rediss' ? { tls: {} } : {}),
  };
  if (kind === 'sentinel') {
    const sentinel = access.password ? { sentinelPassword: access.password } : {};
    const options = { ...OPTIONS, ...access, ...sentinel, ...strategies };
    return new GatheringRedis({ ...options, sentinels: hosts, name: name ?? 'mymaster' });
  }
  return asRedis(
    new Cluster(hosts, {
      enableOfflineQueue: false,
      redisOptions: { ...access, commandTimeout: COMMAND_TIMEOUT_MS },
      clusterRetryStrategy: retryStrategy,
      shardedSubscribers: true,
    }),
  );
}

/** A Redis that has become a replica refuses writes: a new connection finds the primary that has its address now. */
function createReplicaCheck(): (error: Error) => boolean {
  let leftAtMs = -Infinity;
  return ({ message }) => {
    if (!message.startsWith('READONLY') || performance.now() - leftAtMs < LEAVE_REPLICA_EVERY_MS) return false;
    leftAtMs = performance.now();
    return true;
  };
}

function duplicateCluster(cluster: Cluster): Redis {
  const { commandTimeout: _, ...redisOptions } = cluster.options.redisOptions ?? {};
  const options = { ...cluster.options, enableOfflineQueue: true, redisOptions };
  return asRedis(cluster.duplicate([], options as Parameters<Cluster['duplicate']>[1]));
}

/** To those who only send commands, one is as good as the other: all our scripts and transactions stay within one slot. */
function asRedis(cluster: Cluster): Redis {
  return cluster as unknown as Redis;
}

function isCluster(redis: unknown): redis is Cluster {
  return redis instanceof Cluster;
}

function hostOf(text: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || defaultPort };
}
