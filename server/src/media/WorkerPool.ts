import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker } from 'mediasoup';
import type {
  Router,
  RouterRtpCodecCapability,
  RtpCapabilities,
  TransportListenInfo,
  WebRtcServer,
  Worker,
} from 'mediasoup/types';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** Opus is all there is: in-band FEC against loss, DTX so that silence costs nothing (RFC 7587). */
const MEDIA_CODECS: RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1, minptime: 10 },
  },
];
/**
 * Of each port's socket. The kernel's default holds a tenth of a second of a crowd's packets, and drops the rest; what is more
 * than it allows (`net.core.rmem_max`), it cuts by itself.
 */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;
/** A worker starts in a tenth of this. */
const ROUTER_TIMEOUT_MS = 3000;
const ROUTER_RETRY_MS = 50;
const RESPAWN_DELAY_MS = 500;
/** A worker that lived less than this is not replaced at once: something is wrong with the machine, not with a room. */
const EARLY_DEATH_MS = 2000;

type MediaConfig = Pick<
  Config,
  'WORKERS' | 'MEDIA_PORT' | 'MEDIA_LISTEN_ADDRESS' | 'MEDIA_ANNOUNCED_ADDRESS' | 'MEDIASOUP_WORKER_BIN'
>;

interface Slot {
  readonly index: number;
  readonly worker: Worker;
  readonly webRtcServer: WebRtcServer;
  readonly routers: Set<Router>;
  readonly bornAt: number;
}

/** A router, and the WebRtcServer of its worker that its transports listen on. */
export interface Lane {
  readonly router: Router;
  readonly webRtcServer: WebRtcServer;
}

/** CPU and memory of one worker process. */
export interface WorkerUsage {
  readonly index: number;
  readonly pid: number;
  /** User and system time since the worker was started. */
  readonly cpuSeconds: number;
  readonly routers: number;
}

/** The media workers of this node: one process per core, each on ports of its own, each replaced when it dies. */
export class WorkerPool extends EventEmitter<{ died: [index: number] }> {
  readonly #config: MediaConfig;
  readonly #logger: Logger;
  readonly #slots: (Slot | null)[] = [];
  #rtpCapabilities: RtpCapabilities = {};
  #closed = false;

  private constructor(config: MediaConfig, logger: Logger) {
    super();
    this.#config = config;
    this.#logger = logger.child({ component: 'WorkerPool' });
  }

  /** @throws {Error} when a worker cannot be started; those that were are closed. */
  static async create(config: MediaConfig, logger: Logger): Promise<WorkerPool> {
    const pool = new WorkerPool(config, logger);
    try {
      for (let index = 0; index < config.WORKERS; index++) pool.#slots.push(await pool.#spawn(index));
      const { router } = await pool.createRouter();
      pool.#rtpCapabilities = router.rtpCapabilities;
      router.close();
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
    return this.#slots.filter((slot) => slot !== null).length;
  }

  /** A new router on the worker that has the fewest; waits for one that is being replaced. @throws {AppError} UNAVAILABLE */
  async createRouter(): Promise<Lane> {
    const deadline = performance.now() + ROUTER_TIMEOUT_MS;
    do {
      const slot = this.#leastLoaded();
      const router = slot && (await this.#tryCreateRouter(slot));
      if (router) return { router, webRtcServer: slot.webRtcServer };
      await sleep(ROUTER_RETRY_MS);
    } while (!this.#closed && performance.now() < deadline);
    throw new AppError('UNAVAILABLE', 'No media worker is running');
  }

  async getUsage(): Promise<WorkerUsage[]> {
    const alive = this.#slots.filter((slot) => slot !== null);
    const usages = await Promise.allSettled(
      alive.map(async ({ index, worker, routers }) => {
        const { ru_utime, ru_stime } = await worker.getResourceUsage();
        return { index, pid: worker.pid, cpuSeconds: (ru_utime + ru_stime) / 1000, routers: routers.size };
      }),
    );
    return usages.filter((usage) => usage.status === 'fulfilled').map((usage) => usage.value);
  }

  close(): void {
    this.#closed = true;
    for (const slot of this.#slots.splice(0)) slot?.worker.close();
  }

  /** Null when the worker died meanwhile. */
  async #tryCreateRouter({ worker, routers }: Slot): Promise<Router | null> {
    try {
      const router = await worker.createRouter({ mediaCodecs: MEDIA_CODECS });
      routers.add(router);
      router.observer.once('close', () => routers.delete(router));
      return router;
    } catch (error) {
      if (worker.closed) return null;
      throw error;
    }
  }

  #leastLoaded(): Slot | null {
    return this.#slots.reduce<Slot | null>(
      (best, slot) => (slot && (!best || slot.routers.size < best.routers.size) ? slot : best),
      null,
    );
  }

  async #spawn(index: number): Promise<Slot> {
    const { MEDIASOUP_WORKER_BIN } = this.#config;
    const worker = await keepThroughSignals(async () =>
      createWorker({ logLevel: 'error', ...(MEDIASOUP_WORKER_BIN ? { workerBin: MEDIASOUP_WORKER_BIN } : {}) }),
    );
    try {
      const webRtcServer = await worker.createWebRtcServer({ listenInfos: this.#listenInfos(index) });
      const slot: Slot = { index, worker, webRtcServer, routers: new Set(), bornAt: Date.now() };
      worker.once('died', () => this.#handleDeath(slot));
      return slot;
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  #listenInfos(index: number): TransportListenInfo[] {
    const { MEDIA_PORT, MEDIA_LISTEN_ADDRESS: ip, MEDIA_ANNOUNCED_ADDRESS: announcedAddress } = this.#config;
    const port = MEDIA_PORT === 0 ? {} : { port: MEDIA_PORT + index };
    const buffers = { recvBufferSize: SOCKET_BUFFER_BYTES, sendBufferSize: SOCKET_BUFFER_BYTES };
    return (['udp', 'tcp'] as const).map((protocol) => ({ protocol, ip, announcedAddress, ...port, ...buffers }));
  }

  #handleDeath(slot: Slot): void {
    if (this.#closed) return;
    this.#logger.error({ worker: slot.index, pid: slot.worker.pid }, 'Media worker died');
    this.#slots[slot.index] = null;
    this.emit('died', slot.index);
    void this.#respawn(slot.index, Date.now() - slot.bornAt < EARLY_DEATH_MS ? RESPAWN_DELAY_MS : 0);
  }

  async #respawn(index: number, delayMs: number): Promise<void> {
    await sleep(delayMs);
    if (this.#closed) return;
    try {
      const slot = await this.#spawn(index);
      if (this.#closed) slot.worker.close();
      else this.#slots[index] = slot;
      this.#logger.info({ worker: index, pid: slot.worker.pid }, 'Media worker replaced');
    } catch (error) {
      this.#logger.error({ worker: index, err: error }, 'Media worker could not be replaced; trying again');
      void this.#respawn(index, RESPAWN_DELAY_MS);
    }
  }
}

/**
 * mediasoup closes its workers at the first SIGINT or SIGTERM. Here a signal begins an orderly stop, of which closing the
 * workers is the end, so its listeners, added before `create` first waits, are taken off again.
 */
async function keepThroughSignals<T>(create: () => Promise<T>): Promise<T> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = new Set(signals.flatMap((signal) => process.listeners(signal)));
  const created = create();
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) if (!before.has(listener)) process.off(signal, listener);
  }
  return created;
}
