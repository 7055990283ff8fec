import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const OPCODE_TEXT = 1;
const OPCODE_CLOSE = 8;
/** Engine.IO 4 and Socket.IO 5: the type of a packet is its first character, or its first two. */
const PING = '2';
const PONG = '3';
const EVENT = '42';

interface Frame {
  readonly opcode: number;
  readonly text: string;
  readonly end: number;
}

/**
 * The least that a server takes for a client of Socket.IO: one connection, pings answered, events counted by name and not parsed.
 * Ten thousand of them fit into one process.
 */
export class PlainSocket {
  readonly #socket: Socket;
  readonly #onEvent: (name: string) => void;
  readonly #welcomed = Promise.withResolvers<void>();
  #upgraded = false;
  #pending: Buffer = Buffer.alloc(0);

  /**
   * @param onEvent called with the name of every event
   * @param from the network address to come from, where the server trusts a proxy
   */
  constructor(origin: string, auth: object, onEvent: (name: string) => void, from?: string) {
    const { hostname, port } = new URL(origin);
    this.#onEvent = onEvent;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('connect', () => this.#socket.write(upgradeRequest(hostname, from)));
    this.#socket.on('data', (chunk) => this.#read(chunk, auth));
    this.#socket.on('error', (error) => this.#welcomed.reject(error));
    this.#socket.on('close', () => this.#welcomed.reject(new Error('The server closed the connection')));
    this.#welcomed.promise.catch(() => undefined);
  }

  /** @throws {Error} when the server refuses. */
  async welcomed(): Promise<void> {
    return this.#welcomed.promise;
  }

  emit(name: string, data: unknown): void {
    this.#send(`${EVENT}${JSON.stringify([name, data])}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer, auth: object): void {
    let bytes = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    if (!this.#upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end >= 0 && !bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) return this.close();
      if (end >= 0) {
        this.#upgraded = true;
        bytes = bytes.subarray(end + 4);
      }
    }
    for (let frame = this.#upgraded && readFrame(bytes); frame; frame = readFrame(bytes)) {
      bytes = bytes.subarray(frame.end);
      this.#handle(frame, auth);
    }
    // A copy, so that a few bytes left over do not hold a whole chunk.
    this.#pending = Buffer.from(bytes);
  }

  #handle({ opcode, text }: Frame, auth: object): void {
    if (opcode === OPCODE_CLOSE) return this.close();
    if (opcode !== OPCODE_TEXT) return;
    if (text.startsWith('0')) return this.#send(`40${JSON.stringify(auth)}`);
    if (text === PING) return this.#send(PONG);
    if (text.startsWith('44')) return void this.#socket.destroy(new Error(`Refused: ${text.slice(2)}`));
    if (!text.startsWith(EVENT)) return;
    const name = text.slice(EVENT.length + 2, text.indexOf('"', EVENT.length + 2));
    if (name === 'welcome') this.#welcomed.resolve();
    this.#onEvent(name);
  }

  #send(text: string): void {
    this.#socket.write(maskedFrame(Buffer.from(text)));
  }
}

function upgradeRequest(host: string, from?: string): string {
  return [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    ...(from === undefined ? [] : [`X-Forwarded-For: ${from}`]),
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n');
}

/** RFC 6455, section 5.2; null until all of it is there. What a server sends is neither masked nor, here, in parts. */
function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return null;
  const length = start === 2 ? short : start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = start + length;
  if (bytes.length < end) return null;
  return { opcode: bytes[0]! & 0x0f, text: bytes.toString('utf8', start, end), end };
}

/** With a mask of zeros: a client has to mask, but with what is its own affair. */
function maskedFrame(payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : 8);
  head[0] = 0x80 | OPCODE_TEXT;
  head[1] = 0x80 | (length < 126 ? length : 126);
  if (length >= 126) head.writeUInt16BE(length, 2);
  return Buffer.concat([head, payload]);
}
