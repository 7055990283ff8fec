import { EventEmitter } from 'node:events';
import { AwaitQueue } from 'awaitqueue';
import type { Producer } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { Mixer } from '../mixer/Mixer.ts';
import { AudienceMedia } from './AudienceMedia.ts';
import type { Downlink } from './Ingest.ts';
import { HANDOVER_MS } from './MixLinks.ts';
import { StageMedia } from './StageMedia.ts';
import type { WorkerPool } from './WorkerPool.ts';

export interface RoomMediaOptions {
  readonly roomId: string;
  readonly pool: WorkerPool;
  readonly mixer: Pick<Mixer, 'openRoom'>;
}

export type StageState = 'here' | 'leaving' | 'away';
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
  #leftStage: StageMedia | null = null;
  #audience: AudienceMedia | null = null;
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

  setStage(state: StageState): void {
    if (state === 'here') this.takeStage();
    else if (this.#stage) this.leaveStage();
  }
  async setMix(_plan: unknown): Promise<void> {}
  get mixEndpoint(): null {
    return null;
  }

  /** Null while nobody here hears the mix. */
  get audience(): AudienceMedia | null {
    return this.#audience;
  }

  /** The stage has gone to another node. What comes in goes on, until everyone has followed it. */
  leaveStage(): void {
    this.#leftStage?.close();
    const stage = this.#stage;
    this.#stage = null;
    this.#leftStage = stage;
    setTimeout(() => {
      if (this.#leftStage === stage) this.#leftStage = null;
      stage?.close();
    }, HANDOVER_MS).unref();
  }

  /** Does the stage that has gone to another node still go on here? */
  get isLeavingStage(): boolean {
    return this.#leftStage !== null;
  }

  /** The stage is here, or here again. */
  takeStage(): void {
    this.#leftStage?.close();
    this.#leftStage = null;
  }

  /** The mixer was replaced: nobody has to do anything for the mix to go on. */
  async renumber(): Promise<void> {
    await this.#audience?.renumber();
  }

  /** See `AudienceMedia.readDownlinks`. */
  async readDownlinks(): Promise<Downlink[]> {
    return (await this.#audience?.readDownlinks()) ?? [];
  }

  /** Gives everything back; what is asked for afterwards is made anew. */
  release(): void {
    const [stage, audience] = [this.#stage, this.#audience];
    this.takeStage();
    this.#stage = null;
    this.#audience = null;
    this.#feed = null;
    stage?.close();
    audience?.close();
  }

  close(): void {
    this.#closed = true;
    this.release();
  }

  async #createStage(): Promise<StageMedia> {
    const stage = new StageMedia(await this.#options.pool.createStageLane());
    this.#assertOpen(stage);
    this.#stage = stage;
    stage.once('closed', () => {
      if (this.#stage !== stage) return;
      this.#stage = null;
      this.emit('stageLost');
    });
    await this.#feed?.(stage);
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
    audience.on('ingestOpened', () => this.emit('audienceOpened'));
    audience.on('ingestLost', () => this.emit('audienceLost'));
    this.#feed = async (stage) => stage.feed(mix).catch((error: unknown) => this.#forgive(stage, error));
    if (this.#stage) await this.#feed(this.#stage);
    return audience;
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
