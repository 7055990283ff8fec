import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

const LENGTH_BYTES = 4;
/** More than any list of listeners; less than what could exhaust the memory. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** From someone who has not proved anything. */
const MAX_STRANGER_BYTES = 4096;
/** A machine whose cable was pulled is found gone after about this time. */
const KEEP_ALIVE_MS = 5000;

/** Structured messages over one TCP connection: each is its length and its structured clone. */
export class Wire<Sent, Received> {
  readonly #socket: Socket;
  #pending = Buffer.alloc(0);
  #maxBytes = MAX_STRANGER_BYTES;

  /**
   * @param onMessage for each message, in order
   * @param onClose once, however it ends
   */
  constructor(socket: Socket, onMessage: (message: Received) => void, onClose: () => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (bytes) => this.#take(bytes, onMessage));
    // What follows is 'close'.
    socket.on('error', () => undefined);
    socket.once('close', onClose);
  }

  /** The other side has shown that it belongs here. */
  trust(): void {
    this.#maxBytes = MAX_MESSAGE_BYTES;
  }

  send(message: Sent): void {
    if (!this.#socket.writable) return;
    const body = serialize(message);
    const head = Buffer.alloc(LENGTH_BYTES);
    head.writeUInt32BE(body.length);
    this.#socket.write(Buffer.concat([head, body]));
  }

  close(): void {
    this.#socket.destroySoon();
  }

  #take(bytes: Buffer, onMessage: (message: Received) => void): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length >= LENGTH_BYTES) {
      const length = this.#pending.readUInt32BE();
      // No message of this protocol is so long.
      if (length > this.#maxBytes) return void this.#socket.destroy();
      if (this.#pending.length < LENGTH_BYTES + length) return;
      const body = this.#pending.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
      this.#pending = this.#pending.subarray(LENGTH_BYTES + length);
      try {
        onMessage(deserialize(body) as Received);
      } catch {
        return void this.#socket.destroy();
      }
    }
  }
}
