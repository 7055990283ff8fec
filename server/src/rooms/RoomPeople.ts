import type { Person } from '@tribune/shared/domain.ts';
import type { CloseReason } from '@tribune/shared/errors.ts';
import type { AudienceList } from '@tribune/shared/protocol.ts';
import type { RtpCapabilities } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import { Audience } from './Audience.ts';
import { Peer, type PeerLink } from './Peer.ts';

/** From a ticket that was taken to the connection: who is not there by then has gone. */
const ENTERING_MS = 5000;

/** A new connection: who, from which page, and what it can receive. */
export interface Arrival {
  readonly person: Person;
  readonly instanceId: string;
  readonly rtpCapabilities: RtpCapabilities;
  readonly link: PeerLink;
}

interface RoomPeopleOptions {
  readonly capacity: number;
  readonly isOnStage: (userId: string) => boolean;
}

/** Who is connected to one room on this node, or may still come back, and which of them are its audience. */
export class RoomPeople {
  readonly #options: RoomPeopleOptions;
  readonly #peers = new Map<string, Peer>();
  /** Who is between ticket and connection, and since when: they have their place already. */
  readonly #entering = new Map<string, number>();
  readonly #audience = new Audience();

  constructor(options: RoomPeopleOptions) {
    this.#options = options;
  }

  /** Those who are away included. */
  get size(): number {
    return this.#peers.size;
  }

  /** Connections, those away not counted. */
  get presentCount(): number {
    let count = 0;
    for (const peer of this.#peers.values()) if (peer.link) count++;
    return count;
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

  /** @throws {AppError} ROOM_FULL */
  assertRoomFor(userId: string): void {
    const known = this.#peers.has(userId) || this.#entering.has(userId) || this.#options.isOnStage(userId);
    if (!known && this.#peers.size + this.#entering.size >= this.#options.capacity)
      throw new AppError('ROOM_FULL', 'The room is full');
  }

  /** Keeps a place for someone who is about to connect. @throws {AppError} ROOM_FULL */
  expect(userId: string): void {
    this.assertRoomFor(userId);
    this.#entering.set(userId, performance.now());
  }

  /** They do not come after all. */
  expectNoMore(userId: string): void {
    this.#entering.delete(userId);
  }

  /** Takes in a connection, of someone new or of who was here before. */
  attach({ person, instanceId, rtpCapabilities, link }: Arrival): Peer {
    this.#entering.delete(person.userId);
    const peer = this.#peers.get(person.userId) ?? new Peer(person, instanceId, rtpCapabilities);
    this.#peers.set(person.userId, peer);
    peer.attach(link, person.name, instanceId, rtpCapabilities);
    this.place(peer);
    return peer;
  }

  /** Counts those who are here and not on stage. */
  place(peer: Peer): void {
    if (peer.link && !this.#options.isOnStage(peer.userId)) this.#audience.add(peer.toPerson());
    else this.#audience.delete(peer.userId);
  }

  drop(peer: Peer, reason?: CloseReason): void {
    this.#peers.delete(peer.userId);
    this.#audience.delete(peer.userId);
    peer.close(reason);
  }

  /** Lets go of those who were away for too long, and of those who never came. */
  dropAbsent(isPastGrace: (since: number) => boolean, now = performance.now()): void {
    for (const [userId, since] of this.#entering) if (now - since > ENTERING_MS) this.#entering.delete(userId);
    for (const peer of this.#peers.values())
      if (peer.state.kind === 'away' && isPastGrace(peer.state.since)) this.drop(peer);
  }

  close(reason: CloseReason): void {
    for (const peer of this.#peers.values()) peer.close(reason);
    this.#peers.clear();
  }
}
