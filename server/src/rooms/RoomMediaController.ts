import { EventEmitter } from 'node:events';
import type { MediaInfo, MediaOffer, TransportInfo } from '@tribune/shared/protocol.ts';
import type { RtpParameters } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { LiveBroadcast } from '../broadcast/LiveBroadcast.ts';
import type { RoomRecording } from '../broadcast/RoomRecording.ts';
import { PeerMedia } from '../media/PeerMedia.ts';
import { describeConsumer } from '../media/Reception.ts';
import { RoomMedia, type RoomMediaOptions } from '../media/RoomMedia.ts';
import type { Endpoint } from '../mixer/mixerMessages.ts';
import { planFor, type PeerPlan, type Plan } from './decide.ts';
import { MediaRestarts } from './MediaRestarts.ts';
import { MediaWatch } from './MediaWatch.ts';
import type { Peer } from './Peer.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RoomObserver } from './RoomObserver.ts';

interface RoomMediaControllerOptions extends RoomMediaOptions {
  readonly logger: Logger;
  readonly observer: RoomObserver;
  readonly peers: PeerRegistry;
  readonly recording: RoomRecording;
}

/** Before the first plan: nobody hears or says anything. */
const NO_PLAN: Pick<Plan, 'everyone' | 'named' | 'stage'> = {
  everyone: { hears: 'nothing', producer: 'closed', leave: null },
  named: new Map(),
  stage: 'away',
};

/**
 * Brings the transports, producers and consumers of one room in line with the plan: people on stage hear each other, the audience
 * hears the mix. What a worker takes with it when it dies is built anew.
 */
export class RoomMediaController extends EventEmitter<{
  /** A producer was closed since it sent what no voice does. */
  flood: [Peer];
  /** What other nodes have to be told of this room's media has changed. */
  endpointChanged: [];
}> {
  readonly #options: RoomMediaControllerOptions;
  readonly #media: RoomMedia;
  readonly #restarts: MediaRestarts;
  readonly #watch: MediaWatch;
  #plan: Pick<Plan, 'everyone' | 'named' | 'stage'> = NO_PLAN;
  #isTicking = false;

  constructor(options: RoomMediaControllerOptions) {
    super();
    const { peers, observer, logger } = options;
    this.#options = options;
    this.#media = new RoomMedia(options);
    const planOf = (peer: Peer) => this.#planOf(peer);
    this.#restarts = new MediaRestarts({ peers, observer, logger, planOf, media: this.#media });
    this.#watch = new MediaWatch({ peers, observer, logger, planOf });
    this.#watch.on('flood', (peer) => this.emit('flood', peer));
    this.#media.on('stageLost', () => this.#restarts.handleStageLost());
    this.#media.on('audienceOpened', () => this.emit('endpointChanged'));
    this.#media.on('audienceLost', () => this.#restarts.handleAudienceLost());
  }

  /** The room as it is heard now over HTTP. */
  get live(): LiveBroadcast {
    return this.#options.recording.live;
  }

  get recording(): RoomRecording {
    return this.#options.recording;
  }

  /** Where this node takes the mix of the room from the home; null while nobody here hears it. */
  get mixEndpoint(): Endpoint | null {
    return this.#media.mixEndpoint;
  }

  /** Idempotent. Resolves when nobody can be heard who must not be. */
  async apply(plan: Plan): Promise<void> {
    this.#plan = plan;
    this.#media.setStage(plan.stage);
    if (!plan.needsMedia) this.#media.release();
    const speaking: Peer[] = [];
    for (const peer of this.#options.peers.values()) {
      if (!peer.media) continue;
      if (this.#planOf(peer).hears === 'nothing') peer.media.stopHearing();
      if (peer.media.canSend) speaking.push(peer);
    }
    this.#restarts.askMissing();
    await Promise.all([
      this.#record(plan),
      plan.needsMedia ? this.#media.setMix(plan.mix) : null,
      ...speaking.map(async (peer) => this.#syncProducer(peer)),
    ]);
  }

  /**
   * What a peer that has just connected has to do. A page that came back keeps the transports it had, where both sides still have
   * the same: it may have been on another node meanwhile, and what was closed while it was away was told to nobody.
   * @param transportIds those that the page has
   */
  async offer(peer: Peer, transportIds: readonly string[]): Promise<MediaOffer> {
    this.#restarts.forget(peer);
    const { hears } = this.#planOf(peer);
    const { media } = peer;
    if (media?.reception && this.#restarts.receives(peer) && !media.isSwitching && media.matches(transportIds)) {
      await media.reception.resumeConsumers();
      return { kind: 'kept', consumers: media.reception?.listConsumers() ?? [] };
    }
    if (this.#restarts.hasSoundFor(peer)) {
      try {
        return { kind: 'new', ...(await this.start(peer)) };
      } catch (error) {
        // Somebody who cannot hear yet is in the room all the same, and is told when there is something to hear.
        if (!(error instanceof AppError && error.code === 'UNAVAILABLE')) throw error;
        return { kind: 'none' };
      }
    }
    if (hears === 'nothing') media?.stopHearing();
    return { kind: 'none' };
  }

  /** A fresh receiving transport with everything to hear. @throws {AppError} INVALID_STATE, UNAVAILABLE */
  async start(peer: Peer): Promise<MediaInfo> {
    return this.#restarts.during(peer, async () => peer.enqueue(async () => this.#start(peer)));
  }

  /** @throws {AppError} NOT_ALLOWED for those who are not on stage, UNAVAILABLE while the stage has no home */
  async createSendTransport(peer: Peer): Promise<TransportInfo> {
    return peer.enqueue(async () => {
      this.#assertMaySend(peer);
      const stage = await this.#media.openStage();
      const transport = await this.#peerMedia(peer).createSendTransport(stage);
      await this.#syncProducer(peer);
      return transport;
    });
  }

  /** @throws {AppError} as `createSendTransport()`, or as `PeerMedia.produce` does */
  async produce(peer: Peer, transportId: string, rtpParameters: RtpParameters): Promise<string> {
    return peer.enqueue(async () => {
      this.#assertMaySend(peer);
      const media = this.#peerMedia(peer);
      const isMuted = this.#planOf(peer).producer === 'paused';
      if (!isMuted) media.stopMix();
      const producer = await media.produce(transportId, rtpParameters, isMuted);
      await this.#syncProducer(peer);
      if (producer.closed) throw new AppError('NOT_ALLOWED', 'Moved off the stage meanwhile');
      this.#restarts.askMissing(peer);
      for (const other of this.#options.peers.values()) if (other !== peer) this.#announce(other, peer.userId);
      return producer.id;
    });
  }

  /** Once a second: ends floods and what somebody hears who did not move to the mix; counts packets. */
  async tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    try {
      await this.#watch.tick();
      for (const downlink of await this.#media.readDownlinks()) this.#options.observer.handleDownlink(downlink);
    } finally {
      this.#isTicking = false;
    }
  }

  close(): void {
    this.#media.close();
    this.#options.recording.close({ isHome: this.#plan.stage === 'here' });
  }

  /** What is recorded here goes to the recorder, and the recording knows where from. */
  async #record({ records, broadcasts }: Plan): Promise<void> {
    const { recording } = this.#options;
    const mix = await this.#media.setRecorderPort(records || broadcasts ? recording.openPort() : null);
    if (broadcasts && mix) recording.broadcast(mix);
    else if (!broadcasts) recording.endBroadcast();
    if (records && mix) recording.record(mix, records);
    else if (!records) recording.rest({ isHome: this.#plan.stage === 'here' });
  }

  #planOf(peer: Peer): PeerPlan {
    return planFor(this.#plan, peer.userId);
  }

  async #start(peer: Peer): Promise<MediaInfo> {
    const { hears } = this.#planOf(peer);
    if (hears !== 'stage' && hears !== 'audience') throw new AppError('INVALID_STATE', 'There is nothing to hear yet');
    const source = await (hears === 'stage' ? this.#media.openStage() : this.#media.openAudience());
    const reception = await this.#peerMedia(peer).receive(source);
    await reception.consumeAll(peer.userId);
    return { recv: reception.describe(), consumers: reception.listConsumers() };
  }

  #peerMedia(peer: Peer): PeerMedia {
    if (peer.closed) throw new AppError('INVALID_STATE', 'The peer was closed meanwhile');
    if (peer.media) return peer.media;
    const media = new PeerMedia(peer.userId, peer.rtpCapabilities, this.#options.pool.health);
    media.on('consumerClosed', (consumerId) => peer.link?.notify('consumer:closed', { consumerId }));
    media.on('producerClosed', (producerId) => peer.link?.notify('producer:closed', { producerId }));
    peer.media = media;
    return media;
  }

  /** One peer's producer: closed off stage, paused while muted. */
  async #syncProducer(peer: Peer): Promise<void> {
    const { media } = peer;
    if (!media) return;
    if (this.#planOf(peer).producer === 'closed') return media.closeSend();
    const { producer } = media;
    if (!producer || producer.closed) return;
    try {
      if (this.#planOf(peer).producer === 'paused' && !producer.paused) await producer.pause();
      // Looked at again: a later plan may have come while the worker was asked.
      if (this.#planOf(peer).producer !== 'open' || !producer.paused) return;
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
        if (reception?.plane !== 'stage' || this.#planOf(listener).hears !== 'stage' || !producer) return null;
        const consumer = await reception.consume(producer, speakerId, { paused: true });
        return consumer && { consumer, told: listener.link?.announceConsumer(describeConsumer(consumer)) };
      })
      // Waiting for the client is not part of the queue: a slow one delays nothing of its own.
      .then(async (announced) => {
        if (!announced?.told) return;
        // An answer that is lost, or late since the page sleeps, must not leave somebody unheard: sound that comes before the page
        // is ready is merely dropped there.
        await announced.told.catch(() => undefined);
        if (!announced.consumer.closed) await announced.consumer.resume();
      })
      .catch((error: unknown) => this.#options.logger.debug({ err: error }, 'A consumer was not taken'));
  }

  #assertMaySend(peer: Peer): void {
    const { producer } = this.#planOf(peer);
    if (this.#plan.stage !== 'here' && producer !== 'closed')
      throw new AppError('UNAVAILABLE', 'The stage is on its way to another node');
    if (producer === 'closed') throw new AppError('NOT_ALLOWED', 'Only people on stage can be heard');
  }
}
