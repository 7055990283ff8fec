import { createCipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { CIPHER, deriveRoomKey, nonceOf, PREFIX_BYTES, writeHeader } from './relayPacket.ts';

const MAX_COUNTER = 0xffff_ffff;

/** Encrypts the mix of one room for other nodes. */
export class RelaySender {
  readonly #relayKey: Buffer;
  readonly #roomId: string;
  #prefix = randomBytes(PREFIX_BYTES);
  #counter = 0;
  #epoch = -1;
  /** Under this epoch, by the receiver's port. */
  readonly #keys = new Map<number, KeyObject>();

  constructor(relayKey: Buffer, roomId: string) {
    this.#relayKey = relayKey;
    this.#roomId = roomId;
  }

  /** One RTP packet for each of these ports, under one counter, so that a receiver sees no holes. */
  seal(packet: Buffer, epoch: number, ports: ReadonlySet<number>): Map<number, Buffer> {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#keys.clear();
    }
    const header = writeHeader({ epoch, prefix: this.#prefix, counter: this.#counter });
    if (this.#counter === MAX_COUNTER) this.#prefix = randomBytes(PREFIX_BYTES);
    this.#counter = this.#counter === MAX_COUNTER ? 0 : this.#counter + 1;
    return new Map([...ports].map((port) => [port, encrypt(packet, header, this.#keyFor(port))]));
  }

  #keyFor(port: number): KeyObject {
    const known = this.#keys.get(port);
    if (known) return known;
    const key = deriveRoomKey(this.#relayKey, this.#roomId, this.#epoch, port);
    this.#keys.set(port, key);
    return key;
  }
}

function encrypt(packet: Buffer, header: Buffer, key: KeyObject): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(header));
  cipher.setAAD(header);
  return Buffer.concat([header, cipher.update(packet), cipher.final(), cipher.getAuthTag()]);
}
