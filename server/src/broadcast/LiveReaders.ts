import type { ServerResponse } from 'node:http';
import { AddressShare } from '../AddressShare.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';

/** Of people behind one network address, in any case. */
const MIN_PLACES_PER_ADDRESS = 10;
/** What a reader may leave unread, besides what the kernel takes: sound of 8 s at 32 kbit/s. */
const MAX_UNREAD_BYTES = 32 * 1024;
/** Responses are written for so long before everything else has its turn. */
const TURN_MS = 2;
/** So many are written between two looks at the clock. */
const PER_LOOK = 32;

/** Bytes for many responses, with what the chunked transfer coding (RFC 9112, section 7.1) puts around them, made once. */
export class LiveChunk {
  readonly bytes: Buffer;
  readonly coded: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.coded = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  }
}

/** One response that goes on for as long as somebody listens. */
export class LiveReader {
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  /** To be called once, when the reader has left or was let go. */
  onClose(listener: () => void): void {
    this.#res.once('close', listener);
  }

  /** Lets a reader go who does not read. */
  write({ bytes, coded }: LiveChunk): void {
    // A turn may come after the end: behind the last chunk, nothing is part of this response.
    if (this.#res.writableEnded || this.#res.destroyed) return;
    const { socket } = this.#res;
    // A response behind another one on the same connection waits for its turn in Node.
    if (!socket) this.#res.write(bytes);
    // Directly: a response would write length, bytes and line end each time.
    else if (socket.writable) socket.write(this.#res.chunkedEncoding ? coded : bytes);
    if ((socket ?? this.#res).writableLength > MAX_UNREAD_BYTES) this.#res.destroy();
  }

  end(): void {
    this.#res.end();
  }
}

interface Delivery {
  readonly chunk: LiveChunk;
  readonly readers: readonly LiveReader[];
  next: number;
}

/** Everyone who hears rooms over HTTP in one response each: who is let in, and the turns in which they are written to. */
export class LiveReaders {
  readonly #capacity: number;
  readonly #share: AddressShare;
  readonly #deliveries: Delivery[] = [];
  #count = 0;
  #opened = 0;

  constructor({
    LIVE_CAPACITY: capacity,
    PER_ADDRESS_SHARE: share,
  }: Pick<Config, 'LIVE_CAPACITY' | 'PER_ADDRESS_SHARE'>) {
    this.#capacity = capacity;
    this.#share = new AddressShare({ capacity, share, atLeast: MIN_PLACES_PER_ADDRESS });
  }

  get count(): number {
    return this.#count;
  }

  /** @param address network of the reader @throws {AppError} SERVER_BUSY */
  assertPlace(address: string): void {
    const free = this.#capacity - this.#count;
    if (free <= 0) throw new AppError('SERVER_BUSY', 'This server has as many listeners over HTTP as it takes');
    if (!this.#share.mayHoldOneMore(address, free))
      throw new AppError('SERVER_BUSY', 'The places over HTTP that are left are for people of other addresses');
  }

  /** Answers with the headers. @param address network of the reader @throws {AppError} SERVER_BUSY */
  open(res: ServerResponse, address: string, contentType: string): LiveReader {
    this.assertPlace(address);
    const reader = new LiveReader(res);
    this.#count += 1;
    const holder = String((this.#opened += 1));
    this.#share.hold(holder, address);
    reader.onClose(() => {
      this.#count -= 1;
      this.#share.letGo(holder);
    });
    res.writeHead(200, {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      // A proxy that gathers what it passes on would add to the delay.
      'X-Accel-Buffering': 'no',
    });
    // What follows goes to the socket directly.
    res.flushHeaders();
    return reader;
  }

  /** Writes a chunk to each of them, in turns, so that thousands of them hold up nothing else. Chunks keep their order. */
  deliver(chunk: LiveChunk, readers: Iterable<LiveReader>): void {
    this.#deliveries.push({ chunk, readers: [...readers], next: 0 });
    if (this.#deliveries.length === 1) this.#takeTurn();
  }

  #takeTurn(): void {
    const endsAt = performance.now() + TURN_MS;
    for (let delivery = this.#deliveries[0]; delivery; delivery = this.#deliveries[0]) {
      const { chunk, readers } = delivery;
      while (delivery.next < readers.length) {
        if (delivery.next % PER_LOOK === 0 && performance.now() >= endsAt) {
          setImmediate(() => this.#takeTurn());
          return;
        }
        readers[delivery.next++]!.write(chunk);
      }
      this.#deliveries.shift();
    }
  }
}
