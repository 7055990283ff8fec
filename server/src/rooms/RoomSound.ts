import { EventEmitter } from 'node:events';
import type { MediaInfo, MediaOffer, TransportInfo } from '@tribune/shared/protocol.ts';
import type { RtpParameters } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { FloodGuard } from '../media/FloodGuard.ts';
import { PeerMedia } from '../media/PeerMedia.ts';
import { describeConsumer, type Reception } from '../media/Reception.ts';
import { RoomMedia, type RoomMediaOptions, type StagePlace } from '../media/RoomMedia.ts';
import type { Endpoint, MixPlan } from '../mixer/mixerMessages.ts';
import type { Peer } from './Peer.ts';
import type { RoomObserver } from './RoomObserver.ts';

/** A worker takes about 280 joins a second: a crowd that has to start media at once is spread over this much each. */
const RESTART_SPREAD_MS_PER_PEER = 4;
const RESTART_SPREAD_MAX_MS = 2000;
/** For who has left the stage to move over to the mix; then they hear nothing of the stage any more. */
const SWITCH_TIMEOUT_MS = 10_000;

interface RoomSoundOptions extends RoomMediaOptions {
  readonly logger: Logger;
  readonly observer: RoomObserver;
  /** Asked at each step, since it may change between two: what does this peer hear, and may they be heard? */
  readonly planeOf: (peer: Peer) => 'stage' | 'audience' | null;
  readonly mayBeHeard: (peer: Peer) => 'yes' | 'muted' | 'no';
  /** Is the stage on this node? */
  readonly hasStage: () => boolean;
  readonly peers: () => Iterable<Peer>;
}

/**
 * Who hears what in one room: those on stage each other, the audience the mix of them. Brings transports, producers and
 * consumers in line with what the room decided, and has them built anew when a worker beneath them dies.
 */
export class RoomSound extends EventEmitter<{ flood: [peer: Peer]; audienceOpened: [] }> {
  readonly #options: RoomSoundOptions;
  readonly #media: RoomMedia;
  readonly #floodGuard = new FloodGuard();
  /** Peers that are starting media or were asked to, so that nobody is asked twice. */
  readonly #starting = new WeakSet<Peer>();
  /** Receptions of the stage whose peers are in the audience now, and since when. */
  readonly #strays = new WeakMap<Reception, number>();

  constructor(options: RoomSoundOptions) {
    super();
    this.#options = options;
    this.#media = new RoomMedia(options);
    this.#media.on('stageLost', () => this.#handleLost((peer) => this.#isCutOffStage(peer)));
    this.#media.on('audienceOpened', () => this.emit('audienceOpened'));
    this.#media.on('audienceLost', () => this.#handleLost((peer) => this.#isMissing(peer)));
  }

  /** What a peer that has just connected has to do. A page that came back keeps the transports it had. */
  async offer(peer: Peer): Promise<MediaOffer> {
    this.#starting.delete(peer);
    const plane = this.#options.planeOf(peer);
    const { media } = peer;
    if (plane && media?.reception && receives(peer, plane) && !media.isSwitching) {
      await media.reception.resumeConsumers();
      return { kind: 'kept', consumers: media.reception?.listConsumers() ?? [] };
    }
    if (plane && this.#hasSoundFor(peer)) return { kind: 'new', ...(await this.start(peer)) };
    media?.stopHearing();
    return { kind: 'none' };
  }

  /** A fresh receiving transport with everything to hear. @throws {AppError} INVALID_STATE, UNAVAILABLE */
  async start(peer: Peer): Promise<MediaInfo> {
    this.#starting.add(peer);
    const info = await peer.enqueue(async () => this.#start(peer)).finally(() => this.#starting.delete(peer));
    // Their role may have changed since.
    if (this.#isMissing(peer)) this.#askToStart([peer]);
    return info;
  }

  /** @throws {AppError} NOT_ALLOWED for those who are not on stage, UNAVAILABLE while that has no home. */
  async createSendTransport(peer: Peer): Promise<TransportInfo> {
    return peer.enqueue(async () => {
      this.#assertHeard(peer);
      const stage = await this.#media.openStage();
      const transport = await this.#peerMedia(peer).createSendTransport(stage);
      await this.#bring(peer);
      return transport;
    });
  }

  /** @throws {AppError} as `createSendTransport()`, or as `PeerMedia.produce` does. */
  async produce(peer: Peer, transportId: string, rtpParameters: RtpParameters): Promise<string> {
    return peer.enqueue(async () => {
      this.#assertHeard(peer);
      const media = this.#peerMedia(peer);
      const muted = this.#options.mayBeHeard(peer) === 'muted';
      if (!muted) media.stopMix();
      const producer = await media.produce(transportId, rtpParameters, muted);
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
    for (const peer of peers) if (!this.#options.planeOf(peer)) peer.media?.stopHearing();
    this.#askToStart(peers.filter((peer) => this.#isMissing(peer)));
    await Promise.all(peers.filter((peer) => peer.media?.canSend).map((peer) => this.#bring(peer)));
  }

  /** Once a second: ends producers that send what no voice does, and what someone hears who did not move to the mix; counts packets. */
  async tick(): Promise<void> {
    const peers = [...this.#options.peers()];
    for (const peer of peers) this.#endStray(peer);
    for (const peer of peers) await this.#checkFlood(peer);
    for (const downlink of await this.#media.readDownlinks()) this.#options.observer.handleDownlink(downlink);
  }

  /** See `RoomMedia.setStage`. */
  setStage(place: StagePlace): void {
    this.#media.setStage(place);
  }

  /** See `RoomMedia.mixEndpoint`. */
  get mixEndpoint(): Endpoint | null {
    return this.#media.mixEndpoint;
  }

  /** See `RoomMedia.setMix`. */
  async setMix(plan: MixPlan): Promise<void> {
    await this.#media.setMix(plan);
  }

  /** Gives the routers and the mix back while nobody is there. */
  release(): void {
    this.#media.release();
  }

  close(): void {
    this.#media.close();
  }

  async #start(peer: Peer): Promise<MediaInfo> {
    const plane = this.#options.planeOf(peer);
    if (!plane) throw new AppError('INVALID_STATE', 'There is nothing to hear yet');
    const source = await (plane === 'stage' ? this.#media.openStage() : this.#media.openAudience());
    const reception = await this.#peerMedia(peer).receive(source);
    await reception.consumeAll(peer.userId);
    return { recv: reception.describe(), consumers: reception.listConsumers() };
  }

  #peerMedia(peer: Peer): PeerMedia {
    if (peer.closed) throw new AppError('INVALID_STATE', 'The peer was closed meanwhile');
    if (peer.media) return peer.media;
    const media = new PeerMedia(peer.userId, peer.rtpCapabilities);
    media.on('consumerClosed', (consumerId) => peer.link?.notify('consumer:closed', { consumerId }));
    media.on('producerClosed', (producerId) => peer.link?.notify('producer:closed', { producerId }));
    peer.media = media;
    return media;
  }

  /** A worker is gone, and with it what some peers heard. */
  #handleLost(isConcerned: (peer: Peer) => boolean): void {
    const peers = [...this.#options.peers()].filter(isConcerned);
    if (peers.length > 0) this.#options.logger.warn({ peers: peers.length }, 'A router is gone; media starts anew');
    this.#askToStart(peers);
  }

  /** Should hear something, and does not, or hears the other plane. */
  #isMissing(peer: Peer): boolean {
    const plane = this.#options.planeOf(peer);
    if (!plane || !peer.link || this.#starting.has(peer)) return false;
    return !receives(peer, plane) && this.#hasSoundFor(peer);
  }

  #isCutOffStage(peer: Peer): boolean {
    return peer.link !== null && this.#options.planeOf(peer) === 'stage' && !peer.media?.reception;
  }

  /**
   * The mix is there for whoever is in the audience, also while nobody speaks. On stage, a transport without a voice on it would
   * connect to nothing, and be closed for it.
   */
  #hasSoundFor(peer: Peer): boolean {
    const { voices } = this.#media;
    return this.#options.planeOf(peer) === 'audience' || voices.size > (voices.has(peer.userId) ? 1 : 0);
  }

  /** The stage starts at once, the audience spread out. */
  #askToStart(peers: readonly Peer[]): void {
    const withinMs = Math.min(peers.length * RESTART_SPREAD_MS_PER_PEER, RESTART_SPREAD_MAX_MS);
    for (const peer of peers) {
      const onStage = this.#options.planeOf(peer) === 'stage';
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
    if (heard === 'no' || !(this.#options.hasStage() || this.#media.stagePlace === 'leaving')) return media.closeSend();
    const { producer } = media;
    if (!producer || producer.closed) return;
    try {
      if (heard === 'muted' && !producer.paused) await producer.pause();
      if (heard !== 'yes' || !producer.paused) return;
      media.stopMix();
      await producer.resume();
    } catch (error) {
      // The worker died meanwhile: the producer went with it.
      if (!producer.closed) throw error;
    }
  }

  #announce(listener: Peer, speakerId: string): void {
    if (listener.media?.reception?.plane !== 'stage' && !listener.busy) return;
    listener
      .enqueue(async () => {
        const reception = listener.media?.reception;
        const producer = this.#media.voices.get(speakerId);
        if (reception?.plane !== 'stage' || this.#options.planeOf(listener) !== 'stage' || !producer) return null;
        const consumer = await reception.consume(producer, speakerId, { paused: true });
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

  async #checkFlood(peer: Peer): Promise<void> {
    const producer = peer.media?.producer;
    const reading = producer && !producer.paused && (await this.#floodGuard.check(producer).catch(() => null));
    if (!reading) return;
    if (reading.uplink) this.#options.observer.handleUplink(reading.uplink);
    if (!reading.flood) return;
    producer.close();
    this.emit('flood', peer);
  }

  #endStray(peer: Peer, now = performance.now()): void {
    const reception = peer.media?.reception;
    if (!reception) return;
    if (reception.plane === 'audience' || this.#options.planeOf(peer) === 'stage') {
      this.#strays.delete(reception);
      return;
    }
    const since = this.#strays.get(reception);
    if (since === undefined) this.#strays.set(reception, now);
    else if (now - since > SWITCH_TIMEOUT_MS) peer.media?.stopHearing();
  }

  #assertHeard(peer: Peer): void {
    if (this.#options.mayBeHeard(peer) === 'no') throw new AppError('NOT_ALLOWED', 'Only people on stage can be heard');
    if (!this.#options.hasStage()) throw new AppError('UNAVAILABLE', 'The stage is on its way to another node');
  }
}

function receives({ media }: Peer, plane: 'stage' | 'audience'): boolean {
  return media?.reception?.plane === plane && !media.reception.silenced;
}
