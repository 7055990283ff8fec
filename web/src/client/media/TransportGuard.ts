import type { TransportInfo } from '@tribune/shared/protocol.ts';
import type { Transport } from 'mediasoup-client/types';
import { isRefusal, type MediaContext } from './mediaContext.ts';

const CONNECT_MS = 10_000;
const RESTART_MS = 5000;

/**
 * Watches one transport and mends it: ICE restart first; when that has not helped in time, it reports the transport as lost,
 * once, for the owner to build another. Without signalling it waits: `check()` is called when signalling is back.
 */
export class TransportGuard {
  readonly #transport: Transport;
  readonly #context: MediaContext;
  readonly #onLost: () => void;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(transport: Transport, context: MediaContext, onLost: () => void) {
    this.#transport = transport;
    this.#context = context;
    this.#onLost = onLost;
    transport.on('connectionstatechange', () => this.#handleState());
    this.#handleState();
  }

  /** Restarts ICE unless the transport is connected, or has no stream to be connected for. */
  check(): void {
    const { connectionState } = this.#transport;
    if (connectionState !== 'connected' && connectionState !== 'new') this.restartIce();
  }

  /** Asks the server for a restart, whatever the state; its refusal tells that the other end is gone. */
  restartIce(): void {
    if (this.#closed || !this.#context.isConnected()) return;
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#expectConnection(RESTART_MS);
    this.#requestRestart().catch((error: unknown) => {
      // The server has no such transport any more, or the browser cannot take the answer: waiting would not help.
      if (isRefusal(error) || this.#context.isConnected()) this.#report();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#deadline);
  }

  #handleState(): void {
    if (this.#closed) return;
    switch (this.#transport.connectionState) {
      case 'connected':
        clearTimeout(this.#deadline);
        this.#deadline = undefined;
        break;
      case 'connecting':
        this.#expectConnection(CONNECT_MS);
        break;
      case 'disconnected':
      case 'failed':
        if (this.#deadline !== undefined) break;
        this.#context.probeConnection();
        this.restartIce();
        break;
      default:
        break;
    }
  }

  async #requestRestart(): Promise<void> {
    const { iceServers, ...iceParameters } = await this.#context.request('transport:restartIce', {
      transportId: this.#transport.id,
    });
    if (this.#closed) return;
    // A relay would refuse credentials that have expired since this transport was made.
    await this.#transport.updateIceServers({ iceServers: this.#context.getIceServers(iceServers) });
    await this.#transport.restartIce({ iceParameters });
  }

  #expectConnection(withinMs: number): void {
    this.#deadline ??= setTimeout(() => {
      this.#deadline = undefined;
      if (this.#transport.connectionState === 'connected') return;
      if (this.#context.isConnected()) this.#report();
    }, withinMs);
  }

  #report(): void {
    if (this.#closed) return;
    this.close();
    this.#onLost();
  }
}

/** Builds the client's side of a transport of the server; connects with the first stream. */
export function createTransport(context: MediaContext, direction: 'send' | 'recv', info: TransportInfo): Transport {
  const device = context.getDeviceOrThrow();
  const options = { ...info, iceServers: context.getIceServers(info.iceServers) };
  const transport = direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options);
  transport.on('connect', ({ dtlsParameters }, done, fail) => {
    context.request('transport:connect', { transportId: info.id, dtlsParameters }).then(() => done(), fail);
  });
  return transport;
}
