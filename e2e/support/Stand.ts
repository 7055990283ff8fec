import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS = 60_000;
/** One for each media worker. */
const PORTS_IN_A_ROW = 8;

/** Tribune as a person has it: started by the start script, in a folder of its own, on free ports. */
export class Stand {
  readonly origin: string;
  readonly #dir: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess;

  private constructor(started: ChildProcess, dir: string, env: NodeJS.ProcessEnv) {
    this.#process = started;
    this.#dir = dir;
    this.#env = env;
    this.origin = `http://localhost:${env.PORT}`;
  }

  static async create(overrides: Record<string, string> = {}): Promise<Stand> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-e2e-'));
    const port = await freePort();
    const env = {
      ...process.env,
      PORT: String(port),
      MEDIA_PORT: String(await freePort()),
      DATA_DIR: dir,
      ...overrides,
    };
    return new Stand(await startTribune(env), dir, env);
  }

  /** Goes down as with Ctrl-C, and comes back with what it had. */
  async restart(): Promise<void> {
    await this.#stop();
    this.#process = await startTribune(this.#env);
  }

  /** Process ids of the media workers, from /proc. */
  async workerPids(): Promise<number[]> {
    const children = await childrenOf(this.#process.pid ?? 0);
    const found = await Promise.all(
      children.map(async (pid) => ((await commandOf(pid)).includes('mediasoup-worker') ? pid : null)),
    );
    return found.filter((pid) => pid !== null);
  }

  async close(): Promise<void> {
    await this.#stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGINT');
    await exited;
  }
}

async function startTribune(env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['scripts/start.mjs'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const printed: string[] = [];
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`Tribune ${why}:\n${printed.join('\n')}`));
    const timer = setTimeout(() => fail('did not start in time'), START_MS);
    child.once('exit', (code) => fail(`ended with ${code}`));
    lines.on('line', (line) => {
      printed.push(line);
      if (!line.startsWith('Tribune is live at')) return;
      clearTimeout(timer);
      resolve();
    });
  });
  return child;
}

/**
 * The first of a few free ports in a row, below those that the system gives to outgoing connections: what is free now stays
 * free, for a restart too.
 */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = randomInt(10_000, 30_000);
    const row = Array.from({ length: PORTS_IN_A_ROW }, async (_, i) => isFree(first + i));
    if ((await Promise.all(row)).every(Boolean)) return first;
  }
  throw new Error('There are no free ports');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  const free = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.close();
  return free;
}

async function childrenOf(pid: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(all.map(async (child) => [child, await parentOf(child)] as const));
  const direct = parents.filter(([, parent]) => parent === pid).map(([child]) => child);
  return [...direct, ...(await Promise.all(direct.map(childrenOf))).flat()];
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // After the command, which may hold spaces and brackets: state, then the parent.
  return Number(stat.slice(stat.lastIndexOf(')') + 1).split(' ')[2] ?? 0);
}

async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}
