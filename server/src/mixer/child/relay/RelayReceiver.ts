import { createDecipheriv, type KeyObject } from 'node:crypto';
import { csrcCountOf, isRtp } from '@tribune/shared/rtp.ts';
import type { TokenBucket } from 'limiter';
import { createBucket } from '../../../createBucket.ts';
import { CIPHER, deriveRoomKey, HEADER_BYTES, nonceOf, readHeader, RELAY_VERSION, TAG_BYTES } from './relayPacket.ts';
import { ReplayWindow } from './ReplayWindow.ts';

const RTP_HEADER_BYTES = 12;
const MIN_BYTES = HEADER_BYTES + RTP_HEADER_BYTES + TAG_BYTES;
/** More than fits into a frame of Ethernet is no packet of a mix. */
const MAX_BYTES = 1500;
/**
 * Whoever has not sent a genuine packet yet costs a key and a decryption, 20 µs: an address that floods gets no more than this of a
 * room's time, and keeps no other waiting. A new sender sends 17 packets a second, of which one is enough.
 */
const STRANGERS = { burst: 20, perSecond: 20 } as const;
/** Addresses can be made up: those beyond so many at a time have to share what one gets. A cluster has fewer nodes than this. */
const MAX_STRANGERS = 64;
/** An address that has sent nothing for so long makes room for another. */
const STRANGER_MS = 10_000;
/** Of a room: one for each process that has mixed it. Those that were silent longest are forgotten. */
const MAX_SENDERS = 64;
const MAX_KEYS = 8;

/** One process that sends the mix of a room, from its first packet to its last. */
export interface RelayedStream {
  readonly window: ReplayWindow;
}

export interface RelayedPacket {
  readonly stream: RelayedStream;
  readonly epoch: number;
  /** RTP. */
  readonly packet: Buffer;
}

/** Decrypts what other nodes send for one room, and drops all that is forged, repeated or out of shape. */
export class RelayReceiver {
  readonly #relayKey: Buffer;
  readonly #roomId: string;
  readonly #port: number;
  /** By address, the one that was heard last at the end. */
  readonly #strangers = new Map<string, { readonly bucket: TokenBucket; readonly heardMs: number }>();
  readonly #otherStrangers = createBucket(STRANGERS);
  /** By prefix, the one that was heard last at the end. None is made before a packet has proved genuine. */
  readonly #streams = new Map<string, RelayedStream>();
  /** By epoch, likewise. */
  readonly #keys = new Map<number, KeyObject>();

  /** @param port at which the packets arrive: those for another port have another key */
  constructor(relayKey: Buffer, roomId: string, port: number) {
    this.#relayKey = relayKey;
    this.#roomId = roomId;
    this.#port = port;
  }

  /** @param address that it came from @returns null for what is to be dropped */
  open(datagram: Buffer, address: string): RelayedPacket | null {
    if (datagram.length < MIN_BYTES || datagram.length > MAX_BYTES || datagram[0] !== RELAY_VERSION) return null;
    const { epoch, prefix, counter } = readHeader(datagram);
    const name = prefix.toString('latin1');
    const known = this.#streams.get(name);
    if (known && !known.window.isNew(counter)) return null;
    if (!known && !this.#bucketOf(address).tryRemoveTokens(1)) return null;
    const key = this.#keys.get(epoch) ?? deriveRoomKey(this.#relayKey, this.#roomId, epoch, this.#port);
    const packet = decrypt(datagram, key);
    if (!packet || !isRtp(packet) || packet.length < RTP_HEADER_BYTES + csrcCountOf(packet) * 4) return null;
    const stream = known ?? { window: new ReplayWindow() };
    stream.window.add(counter);
    keepLast(this.#streams, name, stream, MAX_SENDERS);
    keepLast(this.#keys, epoch, key, MAX_KEYS);
    return { stream, epoch, packet };
  }

  #bucketOf(address: string): TokenBucket {
    const nowMs = performance.now();
    const known = this.#strangers.get(address);
    if (!known && this.#strangers.size >= MAX_STRANGERS) {
      const [oldest, { heardMs }] = this.#strangers.entries().next().value!;
      if (nowMs - heardMs < STRANGER_MS) return this.#otherStrangers;
      this.#strangers.delete(oldest);
    }
    const stranger = { bucket: known?.bucket ?? createBucket(STRANGERS), heardMs: nowMs };
    keepLast(this.#strangers, address, stranger, MAX_STRANGERS);
    return stranger.bucket;
  }
}

function decrypt(datagram: Buffer, key: KeyObject): Buffer | null {
  const header = datagram.subarray(0, HEADER_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonceOf(header), { authTagLength: TAG_BYTES });
  decipher.setAAD(header);
  decipher.setAuthTag(datagram.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(datagram.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}

/** Puts an entry at the end of a map that holds no more than so many. */
function keepLast<K, V>(map: Map<K, V>, key: K, value: V, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value!);
}
