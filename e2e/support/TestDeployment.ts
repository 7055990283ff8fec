import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '@tribune/server-process';
import getPort, { portNumbers } from 'get-port';

const START_SCRIPT = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
/** The script may have to build the page first. */
const START_LIMIT_MS = 60_000;
/** Below the ports that the system gives to outgoing connections: one that is free now stays free, for a restart too. */
const PORTS = { first: 10_000, last: 30_000 };

/** Tribune as a person has it: started by the start script, in a folder of its own, on free ports. */
export class TestDeployment {
  readonly origin: string;
  readonly #dir: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: ServerProcess;

  private constructor(process: ServerProcess, dir: string, env: NodeJS.ProcessEnv) {
    this.#process = process;
    this.#dir = dir;
    this.#env = env;
    this.origin = `http://localhost:${process.port}`;
  }

  /** @param overrides variables of the environment */
  static async create(overrides: Record<string, string> = {}): Promise<TestDeployment> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-e2e-'));
    const port = await getPort({ port: portNumbers(randomInt(PORTS.first, PORTS.last), PORTS.last) });
    const env = { ...process.env, PORT: String(port), MEDIA_PORT: '0', DATA_DIR: dir, ...overrides };
    return new TestDeployment(await start(env), dir, env);
  }

  /** Stops as with Ctrl-C, and starts again with the data that it had. */
  async restart(): Promise<void> {
    await this.#process.stop('SIGINT');
    this.#process = await start(this.#env);
  }

  /** Process ids of the media workers. */
  async workerPids(): Promise<number[]> {
    const pids = await descendantsOf(this.#process.pid);
    const commands = await Promise.all(pids.map(async (pid) => readProc(`${pid}/cmdline`)));
    return pids.filter((_pid, index) => commands[index]!.includes('mediasoup-worker'));
  }

  async close(): Promise<void> {
    await this.#process.stop('SIGINT');
    await rm(this.#dir, { recursive: true, force: true });
  }
}

async function start(env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  return ServerProcess.start({ entry: START_SCRIPT, env, startLimitMs: START_LIMIT_MS });
}

async function descendantsOf(pid: number): Promise<number[]> {
  const children = (await readProc(`${pid}/task/${pid}/children`)).split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}

/** Empty for a process that has ended. */
async function readProc(path: string): Promise<string> {
  return readFile(join('/proc', path), 'utf8').catch(() => '');
}
