import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Each has a network of its own, 10.231.N.0/30. */
const MAX_CABLES = 250;
/** Followed by the number of the cable and the process whose it is. */
const NAMESPACE = 'tribune-e2e-';

/**
 * A host of its own on this machine, with a cable to it that can be pulled: a network namespace and a veth pair (iproute2,
 * root). What is started in it reaches this machine at `serverAddress`.
 */
export class NetworkCable {
  readonly serverAddress: string;
  /** Of what is started at the far end. */
  readonly farAddress: string;
  readonly #namespace: string;
  readonly #outside: string;
  readonly #inside: string;

  private constructor(id: number) {
    this.serverAddress = `10.231.${id}.1`;
    this.farAddress = `10.231.${id}.2`;
    this.#namespace = `${NAMESPACE}${id}-${process.pid}`;
    this.#outside = `trb${id}a`;
    this.#inside = `trb${id}b`;
  }

  /** Null where this user or this machine cannot make one. */
  static async create(): Promise<NetworkCable | null> {
    await removeAbandoned();
    const cable = new NetworkCable(process.pid % MAX_CABLES);
    try {
      await cable.#lay();
      return cable;
    } catch {
      await cable.close();
      return null;
    }
  }

  /** Command and arguments that run a program at the far end. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#namespace];
  }

  async pull(): Promise<void> {
    await this.#within('ip', 'link', 'set', this.#inside, 'down');
  }

  async plug(): Promise<void> {
    await this.#within('ip', 'link', 'set', this.#inside, 'up');
  }

  async close(): Promise<void> {
    await run('ip', ['netns', 'del', this.#namespace]).catch(() => undefined);
    await run('ip', ['link', 'del', this.#outside]).catch(() => undefined);
  }

  async #lay(): Promise<void> {
    await run('ip', ['netns', 'add', this.#namespace]);
    await run('ip', [
      'link',
      'add',
      this.#outside,
      'type',
      'veth',
      'peer',
      'name',
      this.#inside,
      'netns',
      this.#namespace,
    ]);
    await run('ip', ['addr', 'add', `${this.serverAddress}/30`, 'dev', this.#outside]);
    await run('ip', ['link', 'set', this.#outside, 'up']);
    await this.#within('ip', 'addr', 'add', `${this.farAddress}/30`, 'dev', this.#inside);
    await this.#within('ip', 'link', 'set', 'lo', 'up');
    await this.plug();
  }

  async #within(...command: readonly string[]): Promise<void> {
    const [program = '', ...args] = [...this.prefix, ...command];
    await run(program, args);
  }
}

/** What a test that was killed outright has left. The end of a cable goes with the namespace of the other. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir('/run/netns').catch(() => []);
  const abandoned = names.filter((name) => {
    const owner = new RegExp(`^${NAMESPACE}\\d+-(\\d+)$`).exec(name)?.[1];
    return owner !== undefined && !existsSync(`/proc/${owner}`);
  });
  // What still runs in it keeps it alive, without a name.
  for (const name of abandoned) await run('ip', ['netns', 'del', name]).catch(() => undefined);
}
