import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

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
    this.#namespace = `tribune-e2e-${id}`;
    this.#outside = `trb${id}a`;
    this.#inside = `trb${id}b`;
  }

  /** Null where this user or this machine cannot make one. */
  static async create(): Promise<NetworkCable | null> {
    const cable = new NetworkCable(process.pid % 250);
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
