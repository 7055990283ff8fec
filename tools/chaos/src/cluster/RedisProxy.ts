import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { RespFrames } from './respFrames.ts';

/** What happens to the messages that a node gets from others through Redis. Shares are from 0 to 1, each drawn by itself. */
export interface BusImpairment {
  readonly lost: number;
  readonly doubled: number;
  readonly delayed: number;
  /** A delayed message comes so much later, and up to as long again: others overtake it. */
  readonly delayMs: number;
}

const NO_IMPAIRMENT: BusImpairment = { lost: 0, doubled: 0, delayed: 0, delayMs: 0 };

/**
 * The connection of one node to Redis. It can be cut, it can lead to another server, and it can lose what others publish, without
 * the node being told anything.
 */
export class RedisProxy {
  readonly path: string;
  readonly #target: () => string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #impairment = NO_IMPAIRMENT;
  #lostCount = 0;
  #watch: ((command: Buffer) => void) | null = null;

  private constructor(path: string, target: () => string) {
    this.path = path;
    this.#target = target;
    this.#server = createServer((socket) => this.#connect(socket));
  }

  /**
   * @param path of the socket that the node connects to
   * @param target path of the server's socket, asked with each connection
   */
  static async create(path: string, target: () => string): Promise<RedisProxy> {
    const proxy = new RedisProxy(path, target);
    proxy.#server.listen(path);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Published messages that were lost here so far. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** As when a switch dies: nothing gets through, and nobody hears that connections are gone. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What was under way comes late, as it would. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** From now on, of what other clients publish: the node's own commands and their answers are never touched. */
  impairBus(impairment: BusImpairment): void {
    this.#impairment = impairment;
  }

  mendBus(): void {
    this.#impairment = NO_IMPAIRMENT;
  }

  /** Resolves when the node sends a command in which all of `texts` stand, before the server has it. @throws the reason of `signal` */
  async commandWith(texts: readonly string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      this.#watch = (command) => {
        if (!texts.every((text) => command.includes(text))) return;
        this.#watch = null;
        resolve();
      };
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #connect(node: Socket): void {
    const server = connect(this.#target());
    const frames = new RespFrames();
    node.on('data', (data) => {
      this.#watch?.(data);
      server.write(data);
    });
    server.on('data', (data) => {
      for (const { bytes, isPublished } of frames.push(data)) {
        if (isPublished) this.#passOn(node, bytes);
        else node.write(bytes);
      }
    });
    this.#track(node, server);
    this.#track(server, node);
  }

  #track(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
    if (this.#isCut) socket.pause();
  }

  #passOn(node: Socket, message: Buffer): void {
    const { lost, doubled, delayed, delayMs } = this.#impairment;
    if (Math.random() < lost) {
      this.#lostCount++;
      return;
    }
    const copies = Math.random() < doubled ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (Math.random() >= delayed) node.write(message);
      else setTimeout(() => !node.destroyed && node.write(message), delayMs * (1 + Math.random()));
    }
  }
}
