import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { RoomInfo } from '@tribune/shared/domain.ts';
import type { Welcome } from '@tribune/shared/protocol.ts';
import { Redis } from 'ioredis';
import type { RoomRequest } from '@tribune/shared/schemas.ts';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';
import { loadSecret, Tokens } from '../../src/auth/Tokens.ts';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/logger.ts';
import { Server } from '../../src/Server.ts';
import { TestPeer } from './TestPeer.ts';

/** A whole node on free ports, with a Redis of its own, as a fresh machine would have it. */
export class TestServer {
  readonly #dir: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #peers: TestPeer[] = [];
  #server: Server;
  /** Null where it is another node's, or the caller's. */
  #redis: OwnRedis | null;
  readonly #ownsDir: boolean;

  private constructor(
    server: Server,
    redis: OwnRedis | null,
    { dir, ownsDir, env }: { dir: string; ownsDir: boolean; env: Readonly<Record<string, string>> },
  ) {
    this.#server = server;
    this.#redis = redis;
    this.#dir = dir;
    this.#ownsDir = ownsDir;
    this.#env = env;
  }

  /** With a Redis of its own, unless `overrides` names one. */
  static async create(overrides: Readonly<Record<string, string>> = {}): Promise<TestServer> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-test-'));
    const redis = overrides.REDIS_URL === undefined ? await startRedisIn(dir) : null;
    const env = {
      ...{ PORT: '0', HOST: '127.0.0.1', WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0' },
      MEDIA_LISTEN_ADDRESS: '127.0.0.1',
      ...{ REDIS_URL: socketIn(dir), DATA_DIR: dir, LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent' },
      MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN ?? '',
      // All of them come from one address.
      ...{ ROOMS_PER_ADDRESS_PER_HOUR: '10000', PEOPLE_PER_ADDRESS: '100000', PER_ADDRESS_SHARE: '1' },
      ...overrides,
    };
    return new TestServer(await startServer(env), redis, { dir, ownsDir: true, env });
  }

  /** Another node of the same cluster: it has the Redis of this one, which it does not stop. */
  async addNode(overrides: Readonly<Record<string, string>> = {}): Promise<TestServer> {
    const env = { ...this.#env, ...(await nodeEnv()), ...overrides };
    return new TestServer(await startServer(env), null, { dir: this.#dir, ownsDir: false, env });
  }

  /** A node that others can join. */
  static async createFirstNode(overrides: Readonly<Record<string, string>> = {}): Promise<TestServer> {
    return TestServer.create({ ...(await nodeEnv()), ...overrides });
  }

  /** Redis forgets everything. */
  async flush(): Promise<void> {
    await this.ask(async (redis) => redis.flushall());
  }

  /** Talks to Redis behind the back of the nodes. */
  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(socketIn(this.#dir));
    return question(redis).finally(() => redis.disconnect());
  }

  get server(): Server {
    return this.#server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** A client of this server with a guest session of its own. */
  async createApi(name: string): Promise<{ api: ApiClient; userId: string; token: string }> {
    const api = new ApiClient(this.origin);
    const { user, token } = await api.createSession(name);
    return { api, userId: user.userId, token };
  }

  /** Someone with a session, not yet in any room. */
  async createPeer(name: string): Promise<TestPeer> {
    const peer = new TestPeer(name, { ...(await this.createApi(name)), origin: this.origin });
    this.#peers.push(peer);
    return peer;
  }

  /** A room whose host is in it. */
  async createRoom(settings: Partial<RoomRequest> = {}): Promise<{ room: RoomInfo; host: TestPeer }> {
    const host = await this.createPeer('host');
    const room = await host.api.createRoom({ title: 'A room', ...settings });
    await host.join(room.id);
    return { room, host };
  }

  /** Lets somebody in on this node, wherever a balancer would send them. */
  async admit(peer: TestPeer, roomId: string): Promise<Welcome> {
    peer.moveTo(this.origin);
    const answer = await peer.api.createTicket(roomId);
    const { NODE_ID, SECRET, secretFile } = readConfig(this.#env);
    const tokens = new Tokens(SECRET ?? (await loadSecret(secretFile)));
    const ticket = tokens.signTicket(peer, { room: roomId, role: answer.role, node: NODE_ID, paced: false });
    return peer.connect({ ...answer, ticket, url: this.origin });
  }

  /** Several people in a room. */
  async joinAll(roomId: string, ...names: string[]): Promise<TestPeer[]> {
    const peers: TestPeer[] = [];
    for (const name of names) {
      const peer = await this.createPeer(name);
      await peer.join(roomId);
      peers.push(peer);
    }
    return peers;
  }

  /** The process goes down and comes back on another port; Redis stays. */
  async restart(): Promise<void> {
    await this.#server.close();
    this.#server = await startServer(this.#env);
    for (const peer of this.#peers) peer.moveTo(this.origin);
  }

  async stopRedis(): Promise<void> {
    await this.#redis?.stop();
  }

  /** Comes back with what it had, at the same address. */
  async startRedis(): Promise<void> {
    this.#redis = await startRedisIn(this.#dir);
  }

  /** Redis goes and comes back without the room's last changes, as when the last second of its file was lost. */
  async loseRedisData(roomId: string, changes: number): Promise<void> {
    const redis = new Redis(socketIn(this.#dir));
    await redis.hincrby(`tribune:{${roomId}}:room`, 'seq', -changes);
    redis.disconnect();
    await this.stopRedis();
    await this.startRedis();
    // Once the server's own connection is back, the next tick takes over what there is.
    await sleep(3000);
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.leave();
    await this.#server.close();
    await this.#redis?.stop();
    if (this.#ownsDir) await rm(this.#dir, { recursive: true, force: true });
  }
}

async function startServer(env: Readonly<Record<string, string>>): Promise<Server> {
  const config = readConfig(env);
  const server = await Server.create(config, createLogger(config));
  await server.load();
  return server;
}

function socketIn(dir: string): string {
  return join(dir, 'redis.sock');
}

/** A new Redis has a new socket: a link keeps its address. */
async function startRedisIn(dir: string): Promise<OwnRedis> {
  const redis = await startRedis({ dir: join(dir, 'redis'), persist: true });
  await rm(socketIn(dir), { force: true });
  await symlink(redis.url, socketIn(dir));
  return redis;
}

let nodes = 0;

/** Nodes tell people where each other are, so that the port has to be known before. */
async function nodeEnv(): Promise<Record<string, string>> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return { PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}`, NODE_ID: `node-${++nodes}` };
}
