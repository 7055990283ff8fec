import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A node's way to Redis: it can be cut, and can lead to another server, without the node being told anything. */
export class RedisGate {
  readonly path: string;
  readonly #target: () => string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(path: string, target: () => string) {
    this.path = path;
    this.#target = target;
    this.#server = createServer((socket) => this.#connect(socket));
  }

  /**
   * @param path of the socket that the node connects to
   * @param target path of the server's socket, asked with each connection
   */
  static async create(path: string, target: () => string): Promise<RedisGate> {
    const gate = new RedisGate(path, target);
    gate.#server.listen(path);
    await once(gate.#server, 'listening');
    return gate;
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

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #connect(near: Socket): void {
    const far = connect(this.#target());
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (data) => to.write(data));
      from.on('error', () => undefined);
      from.once('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isCut) from.pause();
    }
  }
}
