import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSfuMetrics } from '@tribune/loadtest/report/sfuMetrics.ts';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';
import { Tokens } from '@tribune/server/auth/Tokens.ts';
import { ServerProcess } from '@tribune/server-process';

const ANSWER_LIMIT_MS = 20_000;
/** Nobody is turned away: what is measured is cost. */
const NO_LIMITS = {
  ROOM_CAPACITY: '1000000',
  NODE_CAPACITY: '1000000',
  JOINS_PER_S: '1000000',
  MAX_ROOMS_PER_USER: '1000',
  ...{ ROOMS_PER_ADDRESS_PER_HOUR: '1000000', PEOPLE_PER_ADDRESS: '1000000', PER_ADDRESS_SHARE: '1' },
};

/** With two workers, the first is for stages and the second for audiences: what is counted is what listeners cost. */
const WORKERS = '2';
const STAGE_WORKER = '0';
const AUDIENCE_WORKER = '1';

/** What the server has consumed since it was started, by its own `/metrics`. */
export interface Usage {
  /** Of the worker that carries the listeners. */
  readonly workerCpuMs: number;
  /** Of the worker in which people on stage hear each other. */
  readonly stageCpuMs: number;
  /** Null where there is no mixer. */
  readonly mixerCpuMs: number | null;
  readonly nodeCpuMs: number;
  readonly workerRssKb: number;
  readonly nodeRssKb: number;
}

/** Tickets are good at one node. */
export const BENCH_NODE_ID = 'bench';

/**
 * A node of Tribune with a worker for the stage and one for the audience, in processes of its own, so that what is counted is
 * the server's and nothing else's.
 */
export class BenchServer {
  readonly origin: string;
  /** Signs what the server accepts: sessions and tickets that need not be asked for. */
  readonly tokens: Tokens;
  readonly #process: ServerProcess;
  readonly #redis: OwnRedis;
  readonly #dir: string;

  private constructor(process: ServerProcess, secret: string, redis: OwnRedis, dir: string) {
    this.#process = process;
    this.#redis = redis;
    this.#dir = dir;
    this.origin = `http://127.0.0.1:${process.port}`;
    this.tokens = new Tokens(secret);
  }

  /** @param variables of the environment @throws {Error} when it does not come up; nothing is left then. */
  static async create(signal: AbortSignal, variables: Record<string, string> = {}): Promise<BenchServer> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-bench-'));
    const secret = randomBytes(32).toString('base64url');
    let redis: OwnRedis | null = null;
    try {
      redis = await startRedis({ signal });
      const own = { REDIS_URL: redis.url, DATA_DIR: dir, SECRET: secret, NODE_ID: BENCH_NODE_ID };
      const env = environment({ ...own, ...variables });
      return new BenchServer(await ServerProcess.start({ env, signal }), secret, redis, dir);
    } catch (error) {
      await redis?.stop();
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** @throws {Error} when the server does not answer. */
  async usage(): Promise<Usage> {
    const response = await fetch(`${this.origin}/metrics`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    const text = await response.text();
    const sample = parseSfuMetrics(text);
    const nodeRss = /^process_resident_memory_bytes (\S+)/m.exec(text)?.[1];
    const workerCpuS = sample?.workerCpuS.get(AUDIENCE_WORKER);
    const workerRssBytes = sample?.workerRssBytes.get(AUDIENCE_WORKER);
    const mixerCpuS = /^tribune_mixer_cpu_seconds_total (\S+)/m.exec(text)?.[1];
    const nodeCpuS = sample?.nodeCpuS ?? null;
    if (workerCpuS === undefined || workerRssBytes === undefined || nodeCpuS === null || nodeRss === undefined)
      throw new Error('The server does not tell what it consumes');
    return {
      workerCpuMs: workerCpuS * 1000,
      stageCpuMs: (sample?.workerCpuS.get(STAGE_WORKER) ?? 0) * 1000,
      mixerCpuMs: mixerCpuS === undefined ? null : Number(mixerCpuS) * 1000,
      nodeCpuMs: nodeCpuS * 1000,
      workerRssKb: workerRssBytes / 1000,
      nodeRssKb: Number(nodeRss) / 1000,
    };
  }

  async close(): Promise<void> {
    await this.#process.stop();
    await this.#redis.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** What was consumed between two moments. */
export function usageBetween(from: Usage, to: Usage): Usage {
  return {
    workerCpuMs: to.workerCpuMs - from.workerCpuMs,
    stageCpuMs: to.stageCpuMs - from.stageCpuMs,
    mixerCpuMs: from.mixerCpuMs === null || to.mixerCpuMs === null ? null : to.mixerCpuMs - from.mixerCpuMs,
    nodeCpuMs: to.nodeCpuMs - from.nodeCpuMs,
    workerRssKb: to.workerRssKb - from.workerRssKb,
    nodeRssKb: to.nodeRssKb - from.nodeRssKb,
  };
}

/** What the server is told, whatever the environment of the bench says. */
function environment(own: Record<string, string>): Record<string, string> {
  const fixed = { PORT: '0', HOST: '127.0.0.1', WORKERS, MEDIA_PORT: '0', MEDIA_LISTEN_ADDRESS: '127.0.0.1' };
  const { BENCH_NODE_OPTIONS: NODE_OPTIONS = '' } = process.env;
  return { NODE_OPTIONS, NODE_ENV: 'production', LOG_LEVEL: 'error', ...fixed, ...NO_LIMITS, ...own };
}
