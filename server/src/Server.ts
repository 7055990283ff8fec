import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { once } from 'node:events';
import { isIP, type AddressInfo, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { AddressLimits } from './admission/AddressLimits.ts';
import { Admission } from './admission/Admission.ts';
import { createNetworkReader } from './admission/network.ts';
import { RecordingArchive } from './archive/RecordingArchive.ts';
import { storagePlaceOf } from './archive/storagePlace.ts';
import { IceServers } from './auth/IceServers.ts';
import { Tokens, loadSecret } from './auth/Tokens.ts';
import { LiveReaders } from './broadcast/LiveReaders.ts';
import { Recorder } from './broadcast/Recorder.ts';
import { Replays } from './broadcast/Replays.ts';
import { NodeRegistry, type NodeState } from './cluster/NodeRegistry.ts';
import { ClusterBus } from './cluster/ClusterBus.ts';
import type { ClusterContext } from './cluster/ClusterContext.ts';
import type { Config } from './config.ts';
import { checkFiles } from './configFaults.ts';
import { createApp, createOperationsApp } from './http/app.ts';
import { mountBelow } from './http/basePath.ts';
import type { ClusterView } from './http/routes/health.ts';
import type { Logger } from './logger.ts';
import { WorkerPool } from './media/WorkerPool.ts';
import { Metrics } from './metrics/Metrics.ts';
import { watchMixer } from './metrics/mixer.ts';
import { watchNode, type NodeView } from './metrics/node.ts';
import { watchRooms } from './metrics/rooms.ts';
import { watchWorkers } from './metrics/workers.ts';
import { Mixer } from './mixer/Mixer.ts';
import { RoomManager } from './rooms/RoomManager.ts';
import { SignalingServer } from './signaling/SignalingServer.ts';
import { RedisHealth } from './store/RedisHealth.ts';
import { RoomDirectory } from './store/RoomDirectory.ts';
import { RoomStore } from './store/RoomStore.ts';
import { connectRedis, connectSubscriber } from './store/connectRedis.ts';

/** People are asked to move in so small a part at a time, and all of them in this share of the time there is. */
const DRAIN_STEP_MS = 250;
const DRAIN_SHARE = 0.6;
/** For others to hear that a node goes. */
const LEAVE_LIMIT_MS = 500;
/** For goodbyes to be said and answered. */
const CLOSE_GRACE_MS = 1000;
/** The first request of a connection that has been idle comes with its headers a while later. */
const HEADERS_AFTER_MS = 5000;
const FIRST_CONNECT_MS = 2000;
const LOAD_RETRY_MS = 500;
/** After a time in which media did not get through, so few people are sent here until it does. */
const TRIED_JOINS_PER_S = 1;

/** What is started before the rest can be put together. */
interface Parts {
  readonly pool: WorkerPool;
  readonly mixer: Mixer;
  readonly secret: string;
  readonly tokens: Tokens;
  readonly iceServers: IceServers;
  readonly metrics: Metrics;
}

/** One node: HTTP, sockets, media workers, the mixer. */
export class Server {
  readonly #logger: Logger;
  readonly #http: HttpServer;
  readonly #archive: RecordingArchive;
  /** Null where PORT has everything. */
  readonly #operations: HttpServer | null;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #registry: NodeRegistry;
  readonly #admission: Admission;
  readonly #redisHealth: RedisHealth;
  readonly #pool: WorkerPool;
  readonly #mixer: Mixer;
  readonly #liveReaders: LiveReaders;
  readonly #recorder: Recorder;
  readonly #signaling: SignalingServer;
  readonly #rooms: RoomManager;
  readonly #connections = new Set<Socket>();
  #ready = false;
  #draining = false;
  readonly #nodeId: string;
  readonly #drainMs: number;
  #drained: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  private constructor(config: Config, logger: Logger, { pool, mixer, secret, tokens, iceServers, metrics }: Parts) {
    this.#logger = logger;
    this.#nodeId = config.NODE_ID;
    this.#drainMs = config.DRAIN_S * 1000;
    this.#pool = pool;
    this.#mixer = mixer;
    this.#archive = new RecordingArchive(config, logger);
    this.#liveReaders = new LiveReaders(config);
    const nowMs = () => Math.round(this.#registry.nowMs);
    this.#recorder = new Recorder({ archive: this.#archive, config, logger, liveReaders: this.#liveReaders, nowMs });
    mixer.useClock(nowMs);
    this.#redis = connectRedis(config.REDIS_URL, logger);
    this.#redisHealth = new RedisHealth({ redis: this.#redis, nodeId: config.NODE_ID, logger, observer: metrics });
    const store = new RoomStore(this.#redis, metrics);
    // Before Socket.IO is attached: it takes its own path from the listeners that it finds, and leaves them the others.
    this.#http = createHttpServer(config, (req, res) => app(req, res));
    this.#http.on('connection', (connection) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    });
    this.#subscriber = connectSubscriber(this.#redis);
    const networkOf = createNetworkReader(config.TRUST_PROXY, secret);
    this.#signaling = new SignalingServer({
      httpServer: this.#http,
      config,
      networkOf,
      tokens,
      iceServers,
      metrics,
      logger,
    });
    mountBelow(config.basePath, this.#http);
    this.#registry = new NodeRegistry({
      redis: this.#redis,
      logger,
      describe: () => this.#describe(config, tokens.fingerprint),
    });
    tokens.useClock(() => this.#registry.nowMs);
    this.#admission = new Admission({
      ...{ redis: this.#redis, registry: this.#registry, perAddressShare: config.PER_ADDRESS_SHARE },
      peoplePerAddress: config.PEOPLE_PER_ADDRESS,
    });
    pool.health.on('changed', () => void this.#registry.beat().catch(() => undefined));
    const cluster = this.#joinCluster(config, logger);
    const roomConfig = { ...config, CLUSTER_ADDRESS: clusterAddressOf(config, pool) };
    this.#rooms = new RoomManager({
      ...{ store, directory: new RoomDirectory(this.#redis), pool, mixer, config: roomConfig, logger, cluster },
      ...{ recorder: this.#recorder, audienceOf: (roomId) => this.#signaling.audienceOf(roomId), observer: metrics },
    });
    watchRooms(this.#rooms, metrics.registry);
    watchWorkers(pool, metrics.registry);
    watchMixer(mixer, metrics.registry);
    watchNode(() => this.#readNode(), metrics.registry);
    const webConfig = config.WEB_DIR ? { ...config, WEB_DIR: resolve(config.WEB_DIR) } : config;
    const { rtpCapabilities } = pool;
    const health = {
      metrics,
      logger,
      whyNotReady: async () => this.#whyNotReady(),
      whyNotAccepting: () => this.#whyNotAccepting(),
      describeCluster: () => this.#describeCluster(),
    };
    this.#operations = config.METRICS_PORT === undefined ? null : createHttpServer(config, createOperationsApp(health));
    const app = createApp({
      ...health,
      config: webConfig,
      rooms: this.#rooms,
      liveReaders: this.#liveReaders,
      admission: this.#admission,
      limits: new AddressLimits(this.#redis, config),
      networkOf,
      isDraining: () => this.#draining,
      nodeUrls: () => this.#registry.nodes.flatMap(({ url }) => url ?? []),
      tokens,
      iceServers,
      rtpCapabilities,
      archive: this.#archive,
      replays: new Replays(this.#archive.objects),
      nowMs: () => Math.round(this.#registry.nowMs),
    });
  }

  /** Starts workers and the mixer, and listens; nobody can come before `load()`. @throws {Error} when a worker or the port cannot be had. */
  static async create(config: Config, logger: Logger, metrics = new Metrics()): Promise<Server> {
    await checkFiles(config);
    const secret = config.SECRET ?? (await loadSecret(config.secretFile));
    const tokens = new Tokens(secret);
    const pool = await WorkerPool.create(config, logger);
    const mixer = await Mixer.create({ config, secret, logger }).catch((error: unknown) => {
      pool.close();
      throw error;
    });
    const iceServers = new IceServers(config);
    const server = new Server(config, logger, { pool, mixer, secret, tokens, iceServers, metrics });
    try {
      await server.#listen(config);
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** The TCP port that was bound. */
  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** The TCP port of the metrics that was bound; that of everything where they have none of their own. */
  get metricsPort(): number {
    return ((this.#operations ?? this.#http).address() as AddressInfo).port;
  }

  get rooms(): RoomManager {
    return this.#rooms;
  }

  get pool(): WorkerPool {
    return this.#pool;
  }

  get recorder(): Recorder {
    return this.#recorder;
  }

  get mixer(): Mixer {
    return this.#mixer;
  }

  /**
   * Leaves the cluster in good order: stages move to other nodes, and then people, a few at a time, within `DRAIN_S`. Where there
   * is no other node there is nothing to wait for. Idempotent: whoever asks again waits for the same.
   */
  async drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    const others = this.#registry.nodes.some(({ id, draining }) => id !== this.#nodeId && !draining);
    if (!others || this.#closing || !this.#ready) return;
    this.#draining = true;
    this.#logger.info({ people: this.#rooms.presentCount }, 'Draining');
    await this.#registry.beat().catch(() => undefined);
    await this.#rooms.releaseAll();
    const endsAt = performance.now() + this.#drainMs;
    const shareMs = Math.max(this.#drainMs * DRAIN_SHARE, DRAIN_STEP_MS);
    const perStep = Math.ceil((this.#rooms.presentCount * DRAIN_STEP_MS) / shareMs);
    for (await sleep(DRAIN_STEP_MS); this.#rooms.presentCount > 0 && performance.now() < endsAt;) {
      if (this.#closing) return;
      await this.#rooms.moveAway(perStep);
      await sleep(DRAIN_STEP_MS);
    }
  }

  /** Tells everyone to come back, then closes what was opened, in the order of use. Idempotent. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ready = false;
    this.#draining = true;
    const leaving = this.#rooms.releaseAll().then(async () => this.#registry.leave());
    await Promise.race([leaving, sleep(LEAVE_LIMIT_MS)]);
    this.#rooms.close();
    const closing = this.#signaling.close();
    await Promise.race([closing, sleep(CLOSE_GRACE_MS)]);
    // Someone whose machine has frozen would never answer the goodbye.
    for (const connection of this.#connections) connection.destroy();
    this.#operations?.close();
    this.#operations?.closeAllConnections();
    await closing;
    this.#pool.close();
    this.#mixer.close();
    await this.#recorder.close();
    this.#registry.close();
    this.#redisHealth.close();
    await this.#archive.close();
    this.#subscriber.disconnect();
    this.#redis.disconnect();
  }

  async #listen({ PORT, HOST, METRICS_PORT, METRICS_HOST }: Config): Promise<void> {
    this.#http.listen(PORT, HOST);
    await once(this.#http, 'listening');
    if (!this.#operations) return;
    this.#operations.listen(METRICS_PORT, METRICS_HOST ?? HOST);
    await once(this.#operations, 'listening');
  }

  /**
   * Takes up the rooms in Redis, and resolves once people can come, or once the server is closed. Redis may come up after us;
   * until then `/readyz` says why nobody should come.
   */
  async load(): Promise<void> {
    await Promise.race([once(this.#redis, 'ready'), sleep(FIRST_CONNECT_MS)]).catch(() => undefined);
    await this.#retry(async () => this.#registry.start());
    await this.#retry(async () => this.#rooms.load());
    if (this.#closing) return;
    this.#redis.on('ready', () => this.#rooms.refresh());
    this.#signaling.serve(this.#rooms);
    this.#ready = true;
  }

  /** Does something that needs Redis until it succeeds or the server is closed. */
  async #retry(action: () => Promise<void>): Promise<void> {
    for (let waiting = false; !this.#closing; waiting = true) {
      try {
        return await action();
      } catch (error) {
        if (!waiting) this.#logger.warn({ err: error }, 'Waiting for Redis');
        await sleep(LOAD_RETRY_MS);
      }
    }
  }

  #readNode(): NodeView {
    const self = this.#registry.find(this.#nodeId);
    return {
      load: self ? (self.listeners + self.coming) / self.capacity : 0,
      isRedisUp: this.#redisHealth.isUp,
      archive: this.#archive,
      httpListeners: this.#liveReaders.count,
      isAccepting: this.#whyNotAccepting() === null,
    };
  }

  #describeCluster(): ClusterView {
    const rooms = [...this.#rooms.rooms.values()].map((room) => ({
      roomId: room.id,
      phase: room.record.phase,
      home: room.homeNode,
      listeners: room.audienceCount,
    }));
    return {
      nodeId: this.#nodeId,
      problem: this.#registry.problem?.message ?? null,
      archive: { ...this.#archive.problems, cluster: this.#registry.storageProblem },
      nodes: this.#registry.nodes,
      rooms,
    };
  }

  #describe(config: Config, secretFingerprint: string): NodeState {
    const { NODE_ID: id, PUBLIC_URL, NODE_CAPACITY: capacity, JOINS_PER_S } = config;
    const reason = this.#whyNotAccepting();
    const joinsPerS = this.#pool.health.state === 'trying' ? TRIED_JOINS_PER_S : JOINS_PER_S;
    return {
      ...{ id, url: PUBLIC_URL ?? null, listeners: this.#rooms.listeners, capacity, joinsPerS },
      ...{ draining: this.#draining, accepting: reason === null, reason, secretFingerprint },
      storagePlace: storagePlaceOf(config),
      ...{ mixerLoad: this.#mixer.load, takesRooms: reason !== 'secret' && this.#mixer.canTakeRoom },
    };
  }

  #whyNotAccepting(): NodeState['reason'] {
    if (this.#registry.problem?.reason === 'secret') return 'secret';
    return this.#pool.health.state === 'failing' ? 'media' : null;
  }

  #joinCluster({ NODE_ID: nodeId }: Config, logger: Logger): ClusterContext {
    const isAlone = () => this.#registry.nodes.length > 0 && this.#registry.nodes.every(({ id }) => id === nodeId);
    const bus = new ClusterBus({ redis: this.#redis, subscriber: this.#subscriber, nodeId, logger, isAlone });
    return {
      ...{ nodeId, redis: this.#redis, bus },
      findNode: (id) => this.#registry.find(id),
      lookFor: async (id) => void (await this.#registry.findOrLook(id).catch(() => undefined)),
      pickHome: () => this.#registry.pickHome(),
      takesRooms: () => this.#mixer.canTakeRoom,
      isAlone,
      keepPlaces: async (roomId, userIds) => this.#admission.keepPlaces(userIds.map((userId) => `${roomId}:${userId}`)),
      handleArrival: (roomId, userId) => this.#registry.handleArrival(`${roomId}:${userId}`),
      whyNotRecording: () => this.#registry.storageProblem,
      isDraining: () => this.#draining,
    };
  }

  /** Null when a join would work: workers and mixers run, and Redis takes writes. */
  async #whyNotReady(): Promise<string | null> {
    if (this.#draining) return 'starting or stopping';
    if (this.#registry.problem) return this.#registry.problem.message;
    if (this.#pool.aliveCount === 0) return 'no media worker';
    if (!this.#mixer.ready) return 'mixer';
    const problem = await this.#redisHealth.check();
    return problem ?? (this.#ready ? null : 'starting or stopping');
  }
}

/** A proxy that sends a request over a connection which is just being closed answers somebody with 502: it has to be the first to close. */
function createHttpServer({ KEEP_ALIVE_S }: Config, listener: RequestListener): HttpServer {
  const keepAliveTimeout = KEEP_ALIVE_S * 1000;
  return createServer({ keepAliveTimeout, headersTimeout: keepAliveTimeout + HEADERS_AFTER_MS }, listener);
}

/** Where the mixers of other nodes reach this one: as it is configured, or the first address of a kind to which its announced names lead. */
function clusterAddressOf({ CLUSTER_ADDRESS, relayListenAddress }: Config, { announced }: WorkerPool): string {
  const { addresses } = announced;
  const reachable = addresses.find((address) => isIP(address) === isIP(relayListenAddress));
  return CLUSTER_ADDRESS ?? reachable ?? addresses[0] ?? '127.0.0.1';
}
