import { isIP } from 'node:net';
import { createWorker } from 'mediasoup';
import type {
  Router,
  RouterRtpCodecCapability,
  TransportListenInfo,
  WebRtcServer,
  WebRtcTransport,
  Worker,
} from 'mediasoup/types';
import type { Config } from '../config.ts';
import type { AnnouncedAddresses } from './AnnouncedAddresses.ts';
import type { OutputPacketMs } from '../mixer/mixerMessages.ts';
import { MediaRouter } from './MediaRouter.ts';
import { choosePacketMs } from './placement.ts';

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

export type MediaWorkerConfig = Pick<
  Config,
  'MEDIA_PORT' | 'MEDIA_LISTEN_ADDRESS' | 'MEDIASOUP_WORKER_BIN' | 'TRANSPORT_CONNECT_S' | 'MIX_PACKET_MS'
>;

interface SpawnOptions {
  readonly index: number;
  readonly config: MediaWorkerConfig;
  readonly announced: AnnouncedAddresses;
}

/** CPU and memory of one worker process. */
export interface WorkerUsage {
  readonly index: number;
  readonly pid: number;
  /** User and system time since the worker was started. */
  readonly cpuSeconds: number;
  /** Transports that carry a mix, one per listener. */
  readonly listeners: number;
}

/** One process of mediasoup, on ports of its own. */
export class MediaWorker {
  readonly index: number;
  readonly bornAt = performance.now();
  /** Where people reach its ports. */
  readonly announced: AnnouncedAddresses;
  readonly #worker: Worker;
  readonly #webRtcServer: WebRtcServer;
  readonly #config: MediaWorkerConfig;
  readonly #routers = new Set<Router>();
  readonly #packetMsWatchers = new Set<() => void>();
  #endpoint: Pick<WebRtcTransport, 'iceCandidates' | 'dtlsParameters'> | null = null;
  #listeners = 0;
  #packetMs: OutputPacketMs;

  private constructor(worker: Worker, webRtcServer: WebRtcServer, { index, config, announced }: SpawnOptions) {
    this.index = index;
    this.announced = announced;
    this.#worker = worker;
    this.#webRtcServer = webRtcServer;
    this.#config = config;
    this.#packetMs = config.MIX_PACKET_MS === 'auto' ? 60 : config.MIX_PACKET_MS;
  }

  /** @throws {Error} when the process or its ports cannot be had. */
  static async spawn(options: SpawnOptions): Promise<MediaWorker> {
    const { index, config } = options;
    const { MEDIASOUP_WORKER_BIN } = config;
    const worker = await keepThroughSignals(async () =>
      createWorker({ logLevel: 'error', ...(MEDIASOUP_WORKER_BIN ? { workerBin: MEDIASOUP_WORKER_BIN } : {}) }),
    );
    try {
      const webRtcServer = await worker.createWebRtcServer({ listenInfos: listenInfos(index, config) });
      return new MediaWorker(worker, webRtcServer, options);
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get routerCount(): number {
    return this.#routers.size;
  }

  get listeners(): number {
    return this.#listeners;
  }

  /** Sound in each packet that its listeners are to get. */
  get packetMs(): OutputPacketMs {
    return this.#packetMs;
  }

  /** Calls back whenever `packetMs` changes, until the function returned is called. */
  watchPacketMs(watcher: () => void): () => void {
    this.#packetMsWatchers.add(watcher);
    return () => this.#packetMsWatchers.delete(watcher);
  }

  onDeath(listener: () => void): void {
    this.#worker.once('died', listener);
  }

  /** A new router; null when the worker died meanwhile. */
  async createRouter(): Promise<MediaRouter | null> {
    try {
      const router = await this.#worker.createRouter({ mediaCodecs: MEDIA_CODECS });
      this.#routers.add(router);
      router.observer.once('close', () => this.#routers.delete(router));
      return new MediaRouter(this, router, this.#webRtcServer, this.#config.TRANSPORT_CONNECT_S * 1000);
    } catch (error) {
      if (this.#worker.closed) return null;
      throw error;
    }
  }

  /**
   * Which ports it has bound, and its certificate, read from any transport of it: they are those of the worker, and mediasoup copies
   * them each time that they are read.
   */
  endpointOf(transport: WebRtcTransport): Pick<WebRtcTransport, 'iceCandidates' | 'dtlsParameters'> {
    this.#endpoint ??= {
      iceCandidates: transport.iceCandidates,
      // Before a client has said which end it is.
      dtlsParameters: { ...transport.dtlsParameters, role: 'auto' },
    };
    return this.#endpoint;
  }

  /** Counts one listener, until the function returned is called. */
  holdListener(): () => void {
    let held = true;
    this.#countListeners(1);
    return () => {
      if (held) this.#countListeners(-1);
      held = false;
    };
  }

  async getUsage(): Promise<WorkerUsage> {
    const { ru_utime, ru_stime } = await this.#worker.getResourceUsage();
    const { index, pid, listeners } = this;
    return { index, pid, listeners, cpuSeconds: (ru_utime + ru_stime) / 1000 };
  }

  close(): void {
    this.#worker.close();
  }

  #countListeners(change: number): void {
    this.#listeners += change;
    if (this.#config.MIX_PACKET_MS !== 'auto') return;
    const packetMs = choosePacketMs(this.#packetMs, this.#listeners);
    if (packetMs === this.#packetMs) return;
    this.#packetMs = packetMs;
    for (const watcher of this.#packetMsWatchers) watcher();
  }
}

function listenInfos(index: number, config: MediaWorkerConfig): TransportListenInfo[] {
  const { MEDIA_PORT, MEDIA_LISTEN_ADDRESS: addresses } = config;
  const port = MEDIA_PORT === 0 ? {} : { port: MEDIA_PORT + index };
  const buffers = { recvBufferSize: SOCKET_BUFFER_BYTES, sendBufferSize: SOCKET_BUFFER_BYTES };
  // `::` would take the port of IPv4 as well.
  const flags = addresses.length > 1 ? { flags: { ipv6Only: true } } : {};
  return addresses.flatMap((ip) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      ...{ protocol, ip, ...port, ...buffers },
      ...(isIP(ip) === 6 ? flags : {}),
    })),
  );
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
