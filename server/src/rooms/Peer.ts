import type { Person } from '@tribune/shared/domain.ts';
import type { CloseReason } from '@tribune/shared/errors.ts';
import type { ConsumerInfo, NotificationName, Notifications } from '@tribune/shared/protocol.ts';
import { AwaitQueue, AwaitQueueStoppedError } from 'awaitqueue';
import type { RtpCapabilities } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { PeerMedia } from '../media/PeerMedia.ts';

/** One connection of a peer, as rooms see it: they know no sockets. */
export interface PeerLink {
  notify<N extends NotificationName>(name: N, data: Notifications[N]): void;
  /** Resolves when the client can receive it. @throws when it does not say so in time. */
  announceConsumer(consumer: ConsumerInfo): Promise<void>;
  /** Those on stage are told of changes at once, the audience with the next pulse. */
  setOnStage(onStage: boolean): void;
  /** Has it been told to go? Its person may be on another node already, while what they heard here goes on. */
  readonly isClosing: boolean;
  /** Says why, then disconnects. */
  close(reason: CloseReason): void;
}

/** A new connection: who, from which page, and what it can receive. */
export interface Arrival {
  readonly person: Person;
  readonly instanceId: string;
  readonly rtpCapabilities: RtpCapabilities;
  readonly link: PeerLink;
  /** A key of the network that they connect from. */
  readonly address: string;
  /** The node on which they should be and that did not answer them. */
  readonly unreachableNode?: string | undefined;
}

/**
 * - `joined`: a connection is there.
 * - `away`: it was lost; media and place are kept for the grace.
 * - `closed`: gone for good.
 */
export type PeerState =
  | { readonly kind: 'joined'; readonly link: PeerLink }
  /** By the monotonic clock. */
  | { readonly kind: 'away'; readonly sinceMs: number }
  | { readonly kind: 'closed' };

/** One person's presence in one room; it survives a reconnect. */
export class Peer {
  readonly userId: string;
  readonly #queue = new AwaitQueue();
  #name: string;
  #instanceId: string;
  #rtpCapabilities: RtpCapabilities;
  #state: PeerState = { kind: 'away', sinceMs: performance.now() };
  #enteredSeq = 0;
  #address: string;
  #unreachableNode: string | undefined;
  /** Does the store know that they are on this node? */
  isSettled = false;
  #media: PeerMedia | null = null;

  constructor({ person: { userId, name }, instanceId, rtpCapabilities, address }: Arrival) {
    this.userId = userId;
    this.#address = address;
    this.#name = name;
    this.#instanceId = instanceId;
    this.#rtpCapabilities = rtpCapabilities;
  }

  /** The number that the record had when the current connection spent its ticket. */
  get enteredSeq(): number {
    return this.#enteredSeq;
  }

  /** A key of the network of the current connection, or of the last one. */
  get address(): string {
    return this.#address;
  }

  get name(): string {
    return this.#name;
  }

  /** The node on which they should be and that did not answer them. */
  get unreachableNode(): string | undefined {
    return this.#unreachableNode;
  }

  get rtpCapabilities(): RtpCapabilities {
    return this.#rtpCapabilities;
  }

  get state(): PeerState {
    return this.#state;
  }

  get link(): PeerLink | null {
    return this.#state.kind === 'joined' ? this.#state.link : null;
  }

  get closed(): boolean {
    return this.#state.kind === 'closed';
  }

  get media(): PeerMedia | null {
    return this.#media && !this.#media.closed ? this.#media : null;
  }

  set media(media: PeerMedia | null) {
    this.#media?.close();
    this.#media = media;
  }

  /**
   * Takes a new connection; the one before it, if any, is closed as replaced. The same page coming back keeps its media,
   * another page of the same person starts anew.
   */
  attach({ link, person, instanceId, rtpCapabilities, address, unreachableNode }: Arrival, enteredSeq: number): void {
    this.link?.close('replaced');
    if (instanceId !== this.#instanceId) this.media = null;
    this.#name = person.name;
    this.#instanceId = instanceId;
    this.#rtpCapabilities = rtpCapabilities;
    this.#enteredSeq = enteredSeq;
    this.#address = address;
    this.#unreachableNode = unreachableNode;
    this.isSettled = false;
    this.#state = { kind: 'joined', link };
  }

  /** Returns false when `link` is not the current connection: a late disconnect of a replaced one means nothing. */
  detach(link: PeerLink): boolean {
    if (this.link !== link) return false;
    this.#state = { kind: 'away', sinceMs: performance.now() };
    return true;
  }

  close(reason?: CloseReason): void {
    const { link } = this;
    this.#state = { kind: 'closed' };
    this.media = null;
    this.#queue.stop();
    if (reason) link?.close(reason);
  }

  /** Has media work under way. */
  get busy(): boolean {
    return this.#queue.size > 0;
  }

  /** Runs one task of media at a time: each sees what the one before it left. @throws {AppError} INVALID_STATE once closed. */
  async enqueue<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await this.#queue.push(task);
    } catch (error) {
      if (!(error instanceof AwaitQueueStoppedError)) throw error;
      throw new AppError('INVALID_STATE', 'The peer was closed meanwhile', { cause: error });
    }
  }

  toPerson(): Person {
    return { userId: this.userId, name: this.#name };
  }
}
