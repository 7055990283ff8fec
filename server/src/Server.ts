import { createServer, type Server as HttpServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Tokens, loadSecret } from './auth/Tokens.ts';
import type { Config } from './config.ts';
import { createApp } from './http/app.ts';
import type { Logger } from './logger.ts';
import { WorkerPool } from './media/WorkerPool.ts';
import { Metrics } from './metrics.ts';
import { Mixer } from './mixer/Mixer.ts';
import { RoomManager } from './rooms/RoomManager.ts';
import { SignalingServer } from './signaling/SignalingServer.ts';
import { RoomStore } from './store/RoomStore.ts';
import { connectRedis } from './store/connectRedis.ts';

/** For goodbyes to be said and answered. */
const CLOSE_GRACE_MS = 1000;
const FIRST_CONNECT_MS = 2000;
const LOAD_RETRY_MS = 500;

/** What is started before the rest can be put together. */
interface Parts {
  readonly pool: WorkerPool;
  readonly mixer: Mixer;
  readonly tokens: Tokens;
}

/** One node: HTTP, sockets, media workers, the mixer. */
export class Server {
  readonly #logger: Logger;
  readonly #http: HttpServer;
  readonly #redis: Redis;
  readonly #store: RoomStore;
  readonly #pool: WorkerPool;
  readonly #mixer: Mixer;
  readonly #signaling: SignalingServer;
  readonly #rooms: RoomManager;
  readonly #connections = new Set<Socket>();
  #ready = false;
  #closing: Promise<void> | null = null;

  private constructor(config: Config, logger: Logger, { pool, mixer, tokens }: Parts) {
    const metrics = new Metrics();
    this.#logger = logger;
    this.#pool = pool;
    this.#mixer = mixer;
    this.#redis = connectRedis(config.REDIS_URL, logger);
    this.#store = new RoomStore(this.#redis, metrics);
    // Before Socket.IO is attached: it takes its own path from the listeners that it finds, and leaves them the others.
    this.#http = createServer((req, res) => app(req, res));
    this.#http.on('connection', (connection) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    });
    this.#signaling = new SignalingServer({ httpServer: this.#http, tokens, metrics, logger });
    const channelOf = (roomId: string) => this.#signaling.channelOf(roomId);
    this.#rooms = new RoomManager({ store: this.#store, pool, mixer, config, logger, channelOf, observer: metrics });
    metrics.watchRooms(this.#rooms);
    metrics.watchWorkers(pool);
    metrics.watchMixer(mixer);
    metrics.watchRedis(() => this.#redis.status === 'ready');
    const webConfig = config.WEB_DIR ? { ...config, WEB_DIR: resolve(config.WEB_DIR) } : config;
    const { rtpCapabilities } = pool;
    const whyNotReady = async () => this.#whyNotReady();
    const app = createApp({
      config: webConfig,
      rooms: this.#rooms,
      tokens,
      rtpCapabilities,
      metrics,
      logger,
      whyNotReady,
    });
  }

  /** Starts workers and the mixer, and listens; nobody can come before `load()`. @throws {Error} when a worker or the port cannot be had. */
  static async create(config: Config, logger: Logger): Promise<Server> {
    const tokens = new Tokens(config.SECRET ?? (await loadSecret(config.secretFile)));
    const pool = await WorkerPool.create(config, logger);
    const mixer = await Mixer.create({ config, logger }).catch((error: unknown) => {
      pool.close();
      throw error;
    });
    const server = new Server(config, logger, { pool, mixer, tokens });
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

  get rooms(): RoomManager {
    return this.#rooms;
  }

  get pool(): WorkerPool {
    return this.#pool;
  }

  get mixer(): Mixer {
    return this.#mixer;
  }

  /** Tells everyone to come back, then closes what was opened, in the order of use. Idempotent. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ready = false;
    this.#rooms.close();
    const closing = this.#signaling.close();
    await Promise.race([closing, sleep(CLOSE_GRACE_MS)]);
    // Someone whose machine has frozen would never answer the goodbye.
    for (const connection of this.#connections) connection.destroy();
    await closing;
    this.#pool.close();
    this.#mixer.close();
    this.#redis.disconnect();
  }

  async #listen({ PORT, HOST }: Config): Promise<void> {
    this.#http.listen(PORT, HOST);
    await once(this.#http, 'listening');
  }

  /**
   * Takes up the rooms in Redis, and resolves once people can come, or once the server is closed. Redis may come up after us;
   * until then `/readyz` says why nobody should come.
   */
  async load(): Promise<void> {
    await Promise.race([once(this.#redis, 'ready'), sleep(FIRST_CONNECT_MS)]).catch(() => undefined);
    for (let waiting = false; !this.#closing; waiting = true) {
      try {
        await this.#rooms.load();
        this.#redis.on('ready', () => this.#rooms.refresh());
        this.#signaling.serve(this.#rooms);
        this.#ready = true;
        return;
      } catch (error) {
        if (!waiting) this.#logger.warn({ err: error }, 'Waiting for Redis');
        await sleep(LOAD_RETRY_MS);
      }
    }
  }

  async #whyNotReady(): Promise<string | null> {
    if (!this.#ready) return 'starting or stopping';
    if (this.#pool.aliveCount === 0) return 'no media worker';
    return this.#store.ping().then(
      () => null,
      () => 'redis',
    );
  }
}
