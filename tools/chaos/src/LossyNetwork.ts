import { createSocket, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';

/** Nodes announce this address to each other and receive at 127.0.0.1, so that the mix between nodes comes through here. */
export const LOSSY_ADDRESS = '127.0.1.1';
const REAL_ADDRESS = '127.0.0.1';
const FIRST_PORT = 40_000;
const LAST_PORT = 49_999;
const LOOK_EVERY_MS = 100;
/** In `/proc/net/udp`, addresses are hexadecimal, and this one is 127.0.0.1 on a machine of either byte order. */
const LOOPBACK_HEX = new Set(['0100007F', '7F000001']);

export interface Impairment {
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number;
  /** Each packet is delayed by this, and up to as long again, so that some overtake others. */
  readonly delayMs: number;
}

/** A bad network between the nodes of this machine. It finds their ports in the kernel's list, so that the nodes know nothing of it. */
export class LossyNetwork {
  readonly #sockets = new Map<number, Socket>();
  readonly #timer: NodeJS.Timeout;
  #impairment: Impairment = { loss: 0, delayMs: 0 };
  /** Packets that got through, and packets that did not, since it was impaired. */
  #passed = 0;
  #lost = 0;
  #closed = false;

  constructor() {
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  get counts(): { readonly passed: number; readonly lost: number } {
    return { passed: this.#passed, lost: this.#lost };
  }

  impair(impairment: Impairment): void {
    this.#impairment = impairment;
    this.#passed = 0;
    this.#lost = 0;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  async #look(): Promise<void> {
    const ports = nodePorts(await readFile('/proc/net/udp', 'utf8'));
    for (const port of ports) if (!this.#closed && !this.#sockets.has(port)) this.#open(port);
  }

  #open(port: number): void {
    const socket = createSocket('udp4');
    this.#sockets.set(port, socket);
    // The port belongs to someone else: it is none of a node.
    socket.on('error', () => undefined);
    socket.on('message', (packet) => this.#pass(socket, packet, port));
    socket.bind(port, LOSSY_ADDRESS);
  }

  #pass(socket: Socket, packet: Buffer, port: number): void {
    const { loss, delayMs } = this.#impairment;
    if (Math.random() < loss) return void this.#lost++;
    this.#passed++;
    const send = () => {
      if (this.#sockets.get(port) === socket) socket.send(packet, port, REAL_ADDRESS, () => undefined);
    };
    if (delayMs === 0) send();
    else setTimeout(send, delayMs * (1 + Math.random()));
  }
}

function nodePorts(table: string): number[] {
  return table.split('\n').flatMap((line) => {
    const [, address, hexPort] = /^\s*\d+: ([0-9A-F]{8}):([0-9A-F]{4})/.exec(line) ?? [];
    const port = Number.parseInt(hexPort ?? '', 16);
    return address && LOOPBACK_HEX.has(address) && port >= FIRST_PORT && port <= LAST_PORT ? [port] : [];
  });
}
