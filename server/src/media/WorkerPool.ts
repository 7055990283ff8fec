import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RtpCapabilities } from 'mediasoup/types';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { RestartDelay } from '../RestartDelay.ts';
import { AnnouncedAddresses } from './AnnouncedAddresses.ts';
import type { MediaRouter } from './MediaRouter.ts';
import { MediaHealth } from './MediaHealth.ts';
import { MediaWorker, type MediaWorkerConfig, type WorkerUsage } from './MediaWorker.ts';
import { placeListener, planWorkers } from './placement.ts';

/** A worker starts in a tenth of this. */
const ROUTER_TIMEOUT_MS = 3000;
const ROUTER_RETRY_MS = 50;

type PoolConfig = MediaWorkerConfig & Pick<Config, 'WORKERS' | 'MEDIA_ANNOUNCED_ADDRESS'>;

/** The media workers of this node: one process per core, each replaced when it dies; some for stages, the others for audiences. */
export class WorkerPool extends EventEmitter<{ died: [index: number] }> {
  /** Told of each connection that people make to any of the workers. */
  readonly health: MediaHealth;
  /** Where people reach the ports of all workers. */
  readonly announced: AnnouncedAddresses;
  readonly #config: PoolConfig;
  readonly #logger: Logger;
  readonly #plan: ReturnType<typeof planWorkers>;
  readonly #workers: (MediaWorker | null)[] = [];
  readonly #restartDelays: readonly RestartDelay[];
  #rtpCapabilities: RtpCapabilities = {};
  #usage: Promise<WorkerUsage[]> | null = null;
  #closed = false;

  private constructor(config: PoolConfig, logger: Logger, announced: AnnouncedAddresses) {
    super();
    this.announced = announced;
    this.health = new MediaHealth(logger);
    this.#config = config;
    this.#plan = planWorkers(config.WORKERS);
    this.#restartDelays = Array.from({ length: config.WORKERS }, () => new RestartDelay());
    this.#logger = logger.child({ component: 'WorkerPool' });
  }

  /** @throws {Error} when a worker cannot be started; those that were are closed. */
  static async create(config: PoolConfig, logger: Logger): Promise<WorkerPool> {
    const announced = await AnnouncedAddresses.create({
      ...{ announced: config.MEDIA_ANNOUNCED_ADDRESS, listen: config.MEDIA_LISTEN_ADDRESS, logger },
    });
    const pool = new WorkerPool(config, logger, announced);
    try {
      for (let index = 0; index < config.WORKERS; index++) pool.#workers.push(await pool.#spawn(index));
      const mediaRouter = await pool.createStageRouter();
      pool.#rtpCapabilities = mediaRouter.rtpCapabilities;
      mediaRouter.close();
    } catch (error) {
      pool.close();
      throw error;
    }
    return pool;
  }

  /** Of every router, since all have the same codecs. */
  get rtpCapabilities(): RtpCapabilities {
    return this.#rtpCapabilities;
  }

  get aliveCount(): number {
    return this.#workers.filter((worker) => worker !== null).length;
  }

  /** A router for a stage, on the stage worker that has the fewest. @throws {AppError} UNAVAILABLE */
  async createStageRouter(): Promise<MediaRouter> {
    return this.#createRouter(() => this.#leastRouters(this.#running(this.#plan.stage)));
  }

  /** A router for listeners of a room whose mix goes to these workers already. @throws {AppError} UNAVAILABLE */
  async createAudienceRouter(present: ReadonlySet<number>): Promise<MediaRouter> {
    return this.#createRouter(() => this.pickAudienceWorker(present));
  }

  /** The worker for the next listener of such a room; null while none runs. */
  pickAudienceWorker(present: ReadonlySet<number>): MediaWorker | null {
    return placeListener(this.#running(this.#plan.audience), present);
  }

  /** Asked once for all who ask at the same time, as a reading of `/metrics` does several times. */
  async getUsage(): Promise<WorkerUsage[]> {
    this.#usage ??= this.#readUsage().finally(() => {
      this.#usage = null;
    });
    return this.#usage;
  }

  close(): void {
    this.#closed = true;
    this.announced.close();
    for (const worker of this.#workers.splice(0)) worker?.close();
  }

  async #readUsage(): Promise<WorkerUsage[]> {
    const alive = this.#workers.filter((worker) => worker !== null);
    const usages = await Promise.allSettled(alive.map(async (worker) => worker.getUsage()));
    return usages.filter((usage) => usage.status === 'fulfilled').map((usage) => usage.value);
  }

  /** Waits for a worker that is being replaced. */
  async #createRouter(pick: () => MediaWorker | null): Promise<MediaRouter> {
    const deadline = performance.now() + ROUTER_TIMEOUT_MS;
    do {
      const mediaRouter = await pick()?.createRouter();
      if (mediaRouter) return mediaRouter;
      await sleep(ROUTER_RETRY_MS);
    } while (!this.#closed && performance.now() < deadline);
    throw new AppError('UNAVAILABLE', 'No media worker is running');
  }

  #running(indices: readonly number[]): MediaWorker[] {
    return indices.map((index) => this.#workers[index] ?? null).filter((worker) => worker !== null);
  }

  #leastRouters(workers: readonly MediaWorker[]): MediaWorker | null {
    return workers.reduce<MediaWorker | null>(
      (best, worker) => (best && best.routerCount <= worker.routerCount ? best : worker),
      null,
    );
  }

  async #spawn(index: number): Promise<MediaWorker> {
    const worker = await MediaWorker.spawn({ index, config: this.#config, announced: this.announced });
    worker.onDeath(() => this.#handleDeath(worker));
    return worker;
  }

  #handleDeath({ index, pid, bornAt }: MediaWorker): void {
    if (this.#closed) return;
    this.#logger.error({ worker: index, pid }, 'Media worker died');
    this.#workers[index] = null;
    this.emit('died', index);
    void this.#respawn(index, performance.now() - bornAt);
  }

  async #respawn(index: number, livedMs: number): Promise<void> {
    await sleep(this.#restartDelays[index]!.next(livedMs));
    if (this.#closed) return;
    try {
      const worker = await this.#spawn(index);
      if (this.#closed) worker.close();
      else this.#workers[index] = worker;
      this.#logger.info({ worker: index, pid: worker.pid }, 'Media worker replaced');
    } catch (error) {
      this.#logger.error({ worker: index, err: error }, 'Media worker could not be replaced; trying again');
      void this.#respawn(index, 0);
    }
  }
}
