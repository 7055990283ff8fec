import type { TransportInfo } from '@tribune/shared/protocol.ts';
import type { PlainTransport, Router, RtpCapabilities, WebRtcServer, WebRtcTransport } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { MediaWorker } from './MediaWorker.ts';

/** Seconds without an answer to consent checks (RFC 7675) after which a path counts as lost. */
const ICE_CONSENT_TIMEOUT_S = 10;
/** Where workers and the mixer reach each other: nothing of this leaves the machine. */
const LOOPBACK = '127.0.0.1';

/**
 * Below the ports that systems give to outgoing connections, away from `MEDIA_PORT`, whose ports a worker that is replaced must get
 * back, and from the mixer's; mediasoup would take any from 10000 on.
 */
const LOOPBACK_PORTS = { min: 25_000, max: 31_999 };

/** A router on one worker, and what its transports are made with. */
export class MediaRouter {
  readonly worker: MediaWorker;
  readonly router: Router;
  readonly #webRtcServer: WebRtcServer;
  readonly #transportConnectMs: number;

  constructor(worker: MediaWorker, router: Router, webRtcServer: WebRtcServer, transportConnectMs: number) {
    this.worker = worker;
    this.router = router;
    this.#webRtcServer = webRtcServer;
    this.#transportConnectMs = transportConnectMs;
  }

  get closed(): boolean {
    return this.router.closed;
  }

  get rtpCapabilities(): RtpCapabilities {
    return this.router.rtpCapabilities;
  }

  /** A transport that is closed again unless DTLS is up within `TRANSPORT_CONNECT_S`. @throws {AppError} UNAVAILABLE */
  async createTransport(): Promise<WebRtcTransport> {
    this.#assertOpen();
    const transport = await this.router.createWebRtcTransport({
      webRtcServer: this.#webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      enableSctp: false,
      iceConsentTimeout: ICE_CONSENT_TIMEOUT_S,
    });
    const timer = setTimeout(() => {
      if (transport.dtlsState !== 'connected') transport.close();
    }, this.#transportConnectMs);
    transport.observer.once('close', () => clearTimeout(timer));
    return transport;
  }

  /** What a client needs to connect to a transport of this router. */
  describe(transport: WebRtcTransport): TransportInfo {
    const { iceCandidates, dtlsParameters } = this.worker.endpointOf(transport);
    const { id, iceParameters } = transport;
    return { id, iceParameters, iceCandidates: this.worker.announced.announce(iceCandidates), dtlsParameters };
  }

  /** Plain RTP to and from one port of this machine, and no other. @throws {AppError} UNAVAILABLE */
  async createLoopback(port: number): Promise<PlainTransport> {
    this.#assertOpen();
    const transport = await this.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: LOOPBACK, portRange: LOOPBACK_PORTS },
      rtcpMux: true,
      comedia: false,
      enableSctp: false,
    });
    await transport.connect({ ip: LOOPBACK, port });
    return transport;
  }

  close(): void {
    this.router.close();
  }

  #assertOpen(): void {
    if (this.closed) throw new AppError('UNAVAILABLE', 'The media worker is being replaced');
  }
}
