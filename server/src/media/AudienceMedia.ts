import { EventEmitter } from 'node:events';
import { AwaitQueue } from 'awaitqueue';
import { AppError } from '../errors.ts';
import type { MixOutput } from '../mixer/mixerMessages.ts';
import type { RoomMix } from '../mixer/RoomMix.ts';
import { AudienceRouter, type Downlink } from './AudienceRouter.ts';
import type { ReceiveEndpoint } from './Reception.ts';
import type { WorkerPool } from './WorkerPool.ts';

/** The audience's side of a room: its mix, brought to each worker that has listeners of it, to the recorder where it is wanted, and to nobody else. */
export class AudienceMedia extends EventEmitter<{ heard: []; routerLost: [] }> {
  readonly mix: RoomMix;
  readonly #pool: WorkerPool;
  readonly #creation = new AwaitQueue();
  /** By the worker's index. */
  readonly #routers = new Map<number, AudienceRouter>();
  /** Where the recorder takes the mix. */
  #recorder: MixOutput | null = null;
  #closed = false;

  constructor(pool: WorkerPool, mix: RoomMix) {
    super();
    this.#pool = pool;
    this.mix = mix;
    mix.on('renumbered', () => {
      for (const router of this.#routers.values()) void router.renumber();
    });
  }

  /** A transport for one listener, on the worker that has the most room. @throws {AppError} UNAVAILABLE */
  async createEndpoint(): Promise<ReceiveEndpoint> {
    const { router, release } = await this.#hold();
    try {
      const transport = await router.mediaRouter.createTransport();
      transport.observer.once('close', release);
      return { source: router, transport };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Of each worker that has listeners of the room, what it sent them since the last call. */
  async readDownlinks(): Promise<Downlink[]> {
    return Promise.all([...this.#routers.values()].map(async (router) => router.readDownlink()));
  }

  /** Does anything on this node take the mix: listeners, or the recorder? */
  get isHeard(): boolean {
    return this.#routers.size > 0 || this.#recorder !== null;
  }

  /** The mix also goes there, as to one more worker; null: to nobody but the workers. */
  setRecorderPort(port: number | null): void {
    if ((this.#recorder?.port ?? null) === port) return;
    this.#recorder = port === null ? null : { port, packetMs: 60 };
    this.#setOutputs();
    if (port !== null) this.emit('heard');
  }

  close(): void {
    this.#closed = true;
    for (const router of [...this.#routers.values()]) router.close();
    this.mix.close();
  }

  /** Held before anything is waited for: the listener before may leave at any moment, and be the last. */
  async #hold(): Promise<{ router: AudienceRouter; release: () => void }> {
    const known = this.#known();
    if (known) return { router: known, release: known.hold() };
    return this.#creation.push(async () => {
      const router = this.#known() ?? (await this.#open());
      return { router, release: router.hold() };
    });
  }

  #known(): AudienceRouter | null {
    const worker = this.#pool.pickAudienceWorker(new Set(this.#routers.keys()));
    return (worker && this.#routers.get(worker.index)) ?? null;
  }

  async #open(): Promise<AudienceRouter> {
    const mediaRouter = await this.#pool.createAudienceRouter(new Set(this.#routers.keys()));
    const { index } = mediaRouter.worker;
    // The worker that was chosen may have died meanwhile, and this one have a router already.
    const known = this.#routers.get(index);
    if (known) {
      mediaRouter.close();
      return known;
    }
    const router = await AudienceRouter.create(mediaRouter, this.mix);
    if (this.#closed || router.closed) {
      router.close();
      throw new AppError('UNAVAILABLE', 'The audience was closed meanwhile');
    }
    this.#routers.set(index, router);
    const unwatch = mediaRouter.worker.watchPacketMs(() => this.#setOutputs());
    router.once('closed', () => {
      unwatch();
      this.#routers.delete(index);
      this.#setOutputs();
      this.emit('routerLost');
    });
    this.#setOutputs();
    this.emit('heard');
    return router;
  }

  #setOutputs(): void {
    const routers = [...this.#routers.values()];
    const outputs = routers.map(({ port, mediaRouter: { worker } }) => ({ port, packetMs: worker.packetMs }));
    this.mix.setOutputs(this.#recorder ? [...outputs, this.#recorder] : outputs);
  }
}
