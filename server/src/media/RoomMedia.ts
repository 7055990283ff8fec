import { EventEmitter } from 'node:events';
import { AwaitQueue } from 'awaitqueue';
import type { Producer } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { RoomMix } from '../mixer/RoomMix.ts';
import type { Mixer } from '../mixer/Mixer.ts';
import type { Endpoint, MixPlan } from '../mixer/mixerMessages.ts';
import { AudienceMedia } from './AudienceMedia.ts';
import type { Downlink } from './AudienceRouter.ts';
import { StageMedia } from './StageMedia.ts';
import type { WorkerPool } from './WorkerPool.ts';

export interface RoomMediaOptions {
  readonly roomId: string;
  readonly pool: WorkerPool;
  readonly mixer: Pick<Mixer, 'openRoom'>;
  /** IP address at which other nodes reach this one. */
  readonly address: string;
}

/** `leaving`: it has gone to another node, and what comes in goes on until the voices have followed. */
export type StagePlace = 'here' | 'leaving' | 'away';

const NO_VOICES: ReadonlyMap<string, Producer> = new Map();

/**
 * The two planes of one room, each made when it is first needed: the stage's router, and the mix of its voices with the routers
 * of its audience. Either is made anew when a worker beneath it dies, and the other goes on.
 */
export class RoomMedia extends EventEmitter<{
  stageLost: [];
  audienceOpened: [];
  audienceLost: [];
}> {
  readonly #options: RoomMediaOptions;
  readonly #stageCreation = new AwaitQueue();
  /** Of its own: a stage does not wait for the mixer. */
  readonly #audienceCreation = new AwaitQueue();
  #stage: StageMedia | null = null;
  #stageState: StagePlace = 'away';
  #audience: AudienceMedia | null = null;
  #plan: MixPlan = { epoch: null, nodes: [], sound: 'speech' };
  #feed: ((stage: StageMedia) => Promise<void>) | null = null;
  #closed = false;

  constructor(options: RoomMediaOptions) {
    super();
    this.#options = options;
  }

  /** Those on stage by user id. */
  get voices(): ReadonlyMap<string, Producer> {
    return this.#stage?.producers ?? NO_VOICES;
  }

  /** @throws {AppError} UNAVAILABLE, ROOM_ENDED */
  async openStage(): Promise<StageMedia> {
    return this.#stage ?? this.#stageCreation.push(async () => this.#stage ?? this.#createStage());
  }

  /** @throws {AppError} UNAVAILABLE, ROOM_ENDED */
  async openAudience(): Promise<AudienceMedia> {
    return this.#audience ?? this.#audienceCreation.push(async () => this.#audience ?? this.#createAudience());
  }

  /** Null while nobody here hears the mix. */
  get audience(): AudienceMedia | null {
    return this.#audience;
  }

  /** Where the mixers of other nodes have to send the mix for those who hear it on this one; null while there are none. */
  get mixEndpoint(): Endpoint | null {
    if (!this.#audience?.isHeard) return null;
    return { address: this.#options.address, port: this.#audience.mix.relayPort };
  }

  /**
   * Where the mix is made, and where it goes. The whole plan each time, once a second: the mix may have to be opened again.
   * @throws {AppError} UNAVAILABLE, ROOM_ENDED
   */
  async setMix(plan: MixPlan): Promise<void> {
    this.#plan = plan;
    // Other nodes have listeners, though this one may have none.
    const audience = plan.nodes.length > 0 ? await this.openAudience() : this.#audience;
    audience?.mix.setMix(this.#plan);
  }

  /**
   * The mix that a recorder takes at this port; null: none does. To be called once a second: the mix may have to be opened again.
   * @throws {AppError} UNAVAILABLE, ROOM_ENDED
   */
  async setRecorderPort(port: number | null): Promise<RoomMix | null> {
    const audience = port === null ? this.#audience : await this.openAudience();
    audience?.setRecorderPort(port);
    return port === null ? null : (audience?.mix ?? null);
  }

  /** Idempotent. A stage that comes back before it has left keeps its router. */
  setStage(state: StagePlace): void {
    this.#stageState = state;
    if (state === 'away') this.#closeStage();
  }

  /** See `AudienceMedia.readDownlinks`. */
  async readDownlinks(): Promise<Downlink[]> {
    return (await this.#audience?.readDownlinks()) ?? [];
  }

  /** Gives everything back; what is asked for afterwards is made anew. */
  release(): void {
    this.#closeStage();
    this.#closeAudience();
  }

  close(): void {
    this.#closed = true;
    this.release();
  }

  async #createStage(): Promise<StageMedia> {
    const stage = new StageMedia(await this.#options.pool.createStageRouter());
    this.#assertOpen(stage);
    if (this.#stageState === 'away') {
      stage.close();
      throw new AppError('UNAVAILABLE', 'The stage is on another node');
    }
    this.#stage = stage;
    stage.once('closed', () => {
      if (this.#stage !== stage) return;
      this.#stage = null;
      this.emit('stageLost');
    });
    try {
      await this.#feed?.(stage);
    } catch (error) {
      // A stage that the mix does not hear would be silent for the audience for good: the next who asks makes another.
      if (this.#stage === stage) this.#closeStage();
      throw error;
    }
    return stage;
  }

  async #createAudience(): Promise<AudienceMedia> {
    const { pool, mixer, roomId } = this.#options;
    const mix = await mixer.openRoom(roomId).catch((error: unknown) => {
      throw new AppError('UNAVAILABLE', 'The mixer does not take the room', { cause: error });
    });
    const audience = new AudienceMedia(pool, mix);
    this.#assertOpen(audience);
    this.#audience = audience;
    mix.setMix(this.#plan);
    mix.once('lost', () => {
      if (this.#audience === audience) this.#closeAudience();
    });
    audience.on('heard', () => this.emit('audienceOpened'));
    audience.on('routerLost', () => this.emit('audienceLost'));
    this.#feed = async (stage) => stage.feed(mix).catch((error: unknown) => this.#forgive(stage, error));
    try {
      if (this.#stage) await this.#feed(this.#stage);
    } catch (error) {
      if (this.#audience === audience) this.#closeAudience();
      throw error;
    }
    return audience;
  }

  /** Forgotten before it is closed: whoever is told of it may ask for the next. */
  #closeStage(): void {
    const stage = this.#stage;
    this.#stage = null;
    stage?.close();
  }

  #closeAudience(): void {
    const audience = this.#audience;
    this.#audience = null;
    this.#feed = null;
    audience?.close();
  }

  /** A worker that dies takes its stage with it, which is told by itself. */
  #forgive(stage: StageMedia, error: unknown): void {
    if (!stage.closed) throw error;
  }

  #assertOpen(created: { close(): void }): void {
    if (!this.#closed) return;
    created.close();
    throw new AppError('ROOM_ENDED', 'The room was closed meanwhile');
  }
}
