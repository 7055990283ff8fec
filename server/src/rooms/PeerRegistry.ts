import type { Person } from '@tribune/shared/domain.ts';
import type { CloseReason } from '@tribune/shared/errors.ts';
import type { AudienceList } from '@tribune/shared/protocol.ts';
import { AddressShare } from '../AddressShare.ts';
import { AppError } from '../errors.ts';
import { Audience } from './Audience.ts';
import { Peer, type Arrival, type PeerLink } from './Peer.ts';

/** From the ticket that was spent to the connection: whoever is not there by then has gone. */
const ENTERING_MS = 5000;
/** Of people behind one network address, in any case: a household gets into a small room. */
const MIN_PLACES_PER_ADDRESS = 10;
/** Names of people who have left are kept for so many, so that they can still be banned by name. */
const LEFT_NAMES = 500;

interface PeerRegistryOptions {
  readonly capacity: number;
  /** The part of it that one network address gets while others may come. */
  readonly perAddressShare: number;
  readonly isOnStage: (userId: string) => boolean;
}

/** A person between ticket and connection. */
interface Entering {
  readonly sinceMs: number;
  /** The number of the record when they entered; null until the store has answered. */
  seq: number | null;
}

/** Everyone who is connected to one room on this node, or may still come back, and which of them are its audience. */
export class PeerRegistry {
  readonly #options: PeerRegistryOptions;
  readonly #peers = new Map<string, Peer>();
  /** They have their place already. */
  readonly #entering = new Map<string, Entering>();
  readonly #leftNames = new Map<string, string>();
  readonly #audience = new Audience();
  readonly #share: AddressShare;
  /** People who have left, of whom the store still says that they are here. */
  readonly #leftSettled = new Set<string>();
  #connected = 0;

  constructor(options: PeerRegistryOptions) {
    this.#options = options;
    this.#share = new AddressShare({
      ...{ capacity: options.capacity, share: options.perAddressShare, atLeast: MIN_PLACES_PER_ADDRESS },
    });
  }

  /** Those who are away included. */
  get size(): number {
    return this.#peers.size;
  }

  /** Is nobody connected, and nobody about to be? */
  get isEmpty(): boolean {
    return this.#connected === 0 && this.#entering.size === 0;
  }

  /** Connections, those away not counted. */
  get presentCount(): number {
    return this.#connected;
  }

  /** Connected, and not on stage. */
  get audienceCount(): number {
    return this.#audience.count;
  }

  get faces(): readonly Person[] {
    return this.#audience.faces;
  }

  values(): Iterable<Peer> {
    return this.#peers.values();
  }

  get(userId: string): Peer | undefined {
    return this.#peers.get(userId);
  }

  /** Whoever of them has a connection, by user id. */
  present(userId: string): Peer | undefined {
    const peer = this.#peers.get(userId);
    return peer?.link ? peer : undefined;
  }

  search(query: string): AudienceList {
    return this.#audience.search(query);
  }

  /** @param address the network that they come from @throws {AppError} ROOM_FULL */
  assertRoomFor(userId: string, address: string): void {
    if (this.#peers.has(userId) || this.#entering.has(userId) || this.#options.isOnStage(userId)) return;
    const free = this.#options.capacity - this.#peers.size - this.#entering.size;
    if (free <= 0) throw new AppError('ROOM_FULL', 'The room is full');
    if (!this.#share.mayHoldOneMore(address, free))
      throw new AppError('ROOM_FULL', 'The places that are left are for people of other addresses');
  }

  /** Keeps a place for someone who is about to connect. @throws {AppError} ROOM_FULL */
  reserve(userId: string, address: string): void {
    this.assertRoomFor(userId, address);
    this.#share.hold(userId, address);
    this.#entering.set(userId, { sinceMs: performance.now(), seq: null });
  }

  /** The store has let them in. @param seq the number of the record at that moment */
  confirm(userId: string, seq: number): void {
    const entering = this.#entering.get(userId);
    if (entering) entering.seq = seq;
  }

  /** They do not come after all. */
  release(userId: string): void {
    this.#entering.delete(userId);
    if (!this.#peers.has(userId)) this.#share.letGo(userId);
  }

  /** Takes in a connection, of someone new or of someone who was here before. */
  attach(arrival: Arrival, currentSeq: number): Peer {
    const { userId } = arrival.person;
    const enteredSeq = this.#entering.get(userId)?.seq ?? currentSeq;
    this.#entering.delete(userId);
    this.#leftSettled.delete(userId);
    const peer = this.#peers.get(userId) ?? new Peer(arrival);
    this.#peers.set(userId, peer);
    if (!peer.link) this.#connected += 1;
    peer.attach(arrival, enteredSeq);
    this.place(peer);
    return peer;
  }

  /** @returns false when `link` is not the peer's connection any more */
  detach(peer: Peer, link: PeerLink): boolean {
    if (!peer.detach(link)) return false;
    this.#connected -= 1;
    this.place(peer);
    return true;
  }

  /** Counts those who are here and not on stage. */
  place(peer: Peer): void {
    if (peer.link && !this.#options.isOnStage(peer.userId)) this.#audience.add(peer.toPerson());
    else this.#audience.delete(peer.userId);
  }

  /** Idempotent. */
  drop(peer: Peer, reason?: CloseReason): void {
    if (this.#peers.get(peer.userId) === peer) {
      this.#peers.delete(peer.userId);
      if (!this.#entering.has(peer.userId)) this.#share.letGo(peer.userId);
    }
    if (peer.link) this.#connected -= 1;
    this.#audience.delete(peer.userId);
    this.#rememberName(peer);
    if (peer.isSettled) this.#leftSettled.add(peer.userId);
    peer.close(reason);
  }

  /** People who have left since the last call, of whom the store still says that they are here. */
  takeLeft(): string[] {
    const left = [...this.#leftSettled];
    this.#leftSettled.clear();
    return left;
  }

  /** The name of someone who is here, or was a while ago. */
  nameOf(userId: string): string | undefined {
    return this.#peers.get(userId)?.name ?? this.#leftNames.get(userId);
  }

  /** Lets go of those who were away for longer than the grace, and of those who never came. */
  dropAbsent(graceMs: number, nowMs = performance.now()): void {
    for (const [userId, { sinceMs }] of this.#entering) if (nowMs - sinceMs > ENTERING_MS) this.release(userId);
    for (const peer of this.#peers.values())
      if (peer.state.kind === 'away' && nowMs - peer.state.sinceMs >= graceMs) this.drop(peer);
  }

  close(reason: CloseReason): void {
    for (const peer of this.#peers.values()) peer.close(reason);
    this.#peers.clear();
    this.#connected = 0;
  }

  #rememberName({ userId, name }: Peer): void {
    this.#leftNames.set(userId, name);
    const [oldest] = this.#leftNames.keys();
    if (this.#leftNames.size > LEFT_NAMES && oldest !== undefined) this.#leftNames.delete(oldest);
  }
}
