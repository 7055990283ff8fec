import { EventEmitter } from 'node:events';
import type { MediaInfo, MediaOffer, TransportInfo } from '@tribune/shared/protocol.ts';
import { AwaitQueue } from 'awaitqueue';
import type { RtpParameters } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { FloodGuard } from '../media/FloodGuard.ts';
import { PeerMedia, describeConsumer } from '../media/PeerMedia.ts';
import { RoomMedia } from '../media/RoomMedia.ts';
import type { WorkerPool } from '../media/WorkerPool.ts';
import type { Peer } from './Peer.ts';
import type { RoomObserver } from './RoomObserver.ts';

/** A worker takes about 280 joins a second: a crowd that has to start media at once is spread over this much each. */
const RESTART_SPREAD_MS_PER_PEER = 4;
const RESTART_SPREAD_MAX_MS = 2000;

interface RoomSoundOptions {
  readonly pool: WorkerPool;
  readonly logger: Logger;
  readonly observer: RoomObserver;
  readonly transportConnectMs: number;
  /** Asked at each step, since it may change between two: may this peer hear the stage, and be heard? */
  readonly mayHear: (peer: Peer) => boolean;
  readonly mayBeHeard: (peer: Peer) => 'yes' | 'muted' | 'no';
  readonly peers: () => Iterable<Peer>;
}

/**
 * Who hears whom in one room: brings transports, producers and consumers in line with what the room decided, and builds them
 * anew when the worker beneath them dies.
 */
export class RoomSound extends EventEmitter<{ flood: [peer: Peer] }> {
  readonly #options: RoomSoundOptions;
  readonly #creation = new AwaitQueue();
  readonly #floodGuard = new FloodGuard();
  /** Peers that are starting media or were asked to, so that nobody is asked twice. */
  readonly #starting = new WeakSet<Peer>();
  #media: RoomMedia | null = null;
  #closed = false;

  constructor(options: RoomSoundOptions) {
    super();
    this.#options = options;
  }

  /** What a peer that has just connected has to do. A page that came back keeps the transports it had. */
  async offer(peer: Peer): Promise<MediaOffer> {
    this.#starting.delete(peer);
    if (!this.#options.mayHear(peer)) return { kind: 'none' };
    const kept = peer.media;
    if (kept?.hasRecvTransport) {
      await kept.resumeConsumers();
      return { kind: 'kept', consumers: kept.listConsumers() };
    }
    // A transport without a voice on it would connect to nothing, and be closed for it.
    return this.#hasVoicesFor(peer) ? { kind: 'new', ...(await this.start(peer)) } : { kind: 'none' };
  }

  /** A fresh receiving transport with a consumer for every voice. @throws {AppError} INVALID_STATE, UNAVAILABLE */
  async start(peer: Peer): Promise<MediaInfo> {
    this.#starting.add(peer);
    return peer.enqueue(async () => this.#start(peer)).finally(() => this.#starting.delete(peer));
  }

  /** @throws {AppError} NOT_ALLOWED for those who are not on stage. */
  async createSendTransport(peer: Peer): Promise<TransportInfo> {
    return peer.enqueue(async () => {
      this.#assertHeard(peer);
      return (await this.#peerMedia(peer)).createSendTransport();
    });
  }

  /** @throws {AppError} NOT_ALLOWED, or as `PeerMedia.produce` does. */
  async produce(peer: Peer, transportId: string, rtpParameters: RtpParameters): Promise<string> {
    return peer.enqueue(async () => {
      this.#assertHeard(peer);
      const media = await this.#peerMedia(peer);
      const producer = await media.produce(transportId, rtpParameters, this.#options.mayBeHeard(peer) === 'muted');
      await this.#bring(peer);
      if (producer.closed) throw new AppError('NOT_ALLOWED', 'Moved off the stage meanwhile');
      const others = [...this.#options.peers()].filter((other) => other !== peer);
      this.#askToStart(others.filter((other) => this.#isMissing(other)));
      for (const other of others) this.#announce(other, peer.userId);
      return producer.id;
    });
  }

  /** Brings everyone's media in line with what they may do now. Resolves when nobody can be heard who must not be. */
  async reconcile(): Promise<void> {
    const peers = [...this.#options.peers()];
    for (const peer of peers) if (!this.#options.mayHear(peer)) peer.media?.stopHearing();
    this.#askToStart(peers.filter((peer) => this.#isMissing(peer)));
    await Promise.all(peers.filter((peer) => peer.media?.canSend).map((peer) => this.#bring(peer)));
  }

  /** Looks at what comes in, and ends producers that send what no voice does. */
  async checkFlood(): Promise<void> {
    for (const peer of this.#options.peers()) {
      const producer = peer.media?.producer;
      const reading = producer && !producer.paused && (await this.#floodGuard.check(producer).catch(() => null));
      if (!reading) continue;
      if (reading.uplink) this.#options.observer.handleUplink(reading.uplink);
      if (!reading.flood) continue;
      producer.close();
      this.emit('flood', peer);
    }
  }

  /** Gives the router back while nobody is there. */
  release(): void {
    this.#media?.close();
  }

  close(): void {
    this.#closed = true;
    this.release();
  }

  async #start(peer: Peer): Promise<MediaInfo> {
    if (!this.#options.mayHear(peer)) throw new AppError('INVALID_STATE', 'There is nothing to hear yet');
    const media = await this.#peerMedia(peer);
    const recv = await media.createRecvTransport();
    for (const speakerId of media.room.producers.keys()) {
      // Not paused: nothing flows before the transport is connected, and a round trip is saved.
      if (speakerId !== peer.userId) await media.consume(speakerId, { paused: false });
    }
    return { recv, consumers: media.listConsumers() };
  }

  async #peerMedia(peer: Peer): Promise<PeerMedia> {
    const room = await this.#roomMedia();
    if (peer.closed) throw new AppError('INVALID_STATE', 'The peer was closed meanwhile');
    if (peer.media?.room === room) return peer.media;
    const media = new PeerMedia(room, peer.userId, peer.rtpCapabilities);
    media.on('consumerClosed', (consumerId) => peer.link?.notify('consumer:closed', { consumerId }));
    media.on('producerClosed', (producerId) => peer.link?.notify('producer:closed', { producerId }));
    peer.media = media;
    return media;
  }

  async #roomMedia(): Promise<RoomMedia> {
    return this.#creation.push(async () => {
      if (this.#media && !this.#media.closed) return this.#media;
      const { pool, transportConnectMs } = this.#options;
      const media = new RoomMedia(await pool.createRouter(), { transportConnectMs });
      if (this.#closed) {
        media.close();
        throw new AppError('ROOM_ENDED', 'The room was closed meanwhile');
      }
      this.#media = media;
      media.once('closed', () => this.#handleRouterClosed(media));
      return media;
    });
  }

  #handleRouterClosed(media: RoomMedia): void {
    if (this.#media !== media) return;
    this.#media = null;
    if (this.#closed) return;
    const peers = [...this.#options.peers()].filter((peer) => peer.link && this.#options.mayHear(peer));
    if (peers.length > 0) this.#options.logger.warn({ peers: peers.length }, 'The router is gone; media starts anew');
    this.#askToStart(peers);
  }

  #isMissing(peer: Peer): boolean {
    const reachable = peer.link !== null && !this.#starting.has(peer);
    return reachable && this.#options.mayHear(peer) && !peer.media?.hasRecvTransport && this.#hasVoicesFor(peer);
  }

  #hasVoicesFor(peer: Peer): boolean {
    const voices = this.#media?.producers;
    return voices !== undefined && voices.size > (voices.has(peer.userId) ? 1 : 0);
  }

  /** The stage starts at once, the audience spread out. */
  #askToStart(peers: readonly Peer[]): void {
    const withinMs = Math.min(peers.length * RESTART_SPREAD_MS_PER_PEER, RESTART_SPREAD_MAX_MS);
    for (const peer of peers) {
      const onStage = this.#options.mayBeHeard(peer) !== 'no';
      this.#starting.add(peer);
      peer.link?.notify('media:restart', { withinMs: onStage ? 0 : withinMs });
      this.#options.observer.handleMediaRestart();
    }
  }

  /** One peer's producer: closed off stage, paused while muted. */
  async #bring(peer: Peer): Promise<void> {
    const { media } = peer;
    if (!media) return;
    const heard = this.#options.mayBeHeard(peer);
    if (heard === 'no') return media.closeSend();
    const { producer } = media;
    if (!producer || producer.closed) return;
    try {
      if (heard === 'muted' && !producer.paused) await producer.pause();
      if (heard === 'yes' && producer.paused) await producer.resume();
    } catch (error) {
      // The worker died meanwhile: the producer went with it.
      if (!producer.closed) throw error;
    }
  }

  #announce(listener: Peer, speakerId: string): void {
    if (!listener.media?.hasRecvTransport && !listener.busy) return;
    listener
      .enqueue(async () => {
        const { media } = listener;
        if (!media || !this.#options.mayHear(listener)) return null;
        const consumer = await media.consume(speakerId, { paused: true });
        return consumer && { consumer, told: listener.link?.announceConsumer(describeConsumer(consumer)) };
      })
      // Waiting for the client is not part of the queue: a slow one delays nothing of its own.
      .then(async (announced) => {
        if (!announced?.told) return;
        await announced.told;
        if (!announced.consumer.closed) await announced.consumer.resume();
      })
      .catch((error: unknown) => this.#options.logger.debug({ err: error }, 'A consumer was not taken'));
  }

  #assertHeard(peer: Peer): void {
    if (this.#options.mayBeHeard(peer) === 'no') throw new AppError('NOT_ALLOWED', 'Only people on stage can be heard');
  }
}
