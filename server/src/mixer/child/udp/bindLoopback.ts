import type { Socket } from 'node:dgram';
import { bindUdp } from './bindUdp.ts';
import { LOOPBACK, MAX_WAITING, type LoopbackSocket, type TakeDatagram } from './LoopbackSocket.ts';
import { loadNativeUdp } from './nativeUdp.ts';

/** Binds a port of the loopback. @throws {Error} with the code EADDRINUSE when another socket has it */
export async function bindLoopback(port: number): Promise<LoopbackSocket> {
  const native = await loadNativeUdp();
  return native ? native(port) : new NodeLoopbackSocket(await bindUdp(LOOPBACK, port));
}

/** For systems other than Linux. Wakes the process up for each datagram, to take down when it came. */
export class NodeLoopbackSocket implements LoopbackSocket {
  readonly port: number;
  readonly #socket: Socket;
  #isClosed = false;
  #waiting: { readonly datagram: Buffer; readonly arrivalMs: number }[] = [];

  constructor(socket: Socket) {
    this.port = socket.address().port;
    this.#socket = socket;
    socket.on('message', (datagram) => {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ datagram, arrivalMs: performance.now() });
    });
    // Nobody is there yet, or any more: the next packet may find someone.
    socket.on('error', ignore);
  }

  drain(take: TakeDatagram): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { datagram, arrivalMs } of waiting) take(datagram, arrivalMs);
  }

  send(datagram: Buffer, port: number): void {
    // Node sends it later, when the caller may have written over it.
    if (!this.#isClosed) this.#socket.send(Buffer.from(datagram), port, LOOPBACK, ignore);
  }

  close(): void {
    if (!this.#isClosed) this.#socket.close();
    this.#isClosed = true;
    this.#waiting = [];
  }
}

/** With a callback, a packet that cannot be sent raises no event. */
function ignore(): void {
  // Nothing is done about it.
}
