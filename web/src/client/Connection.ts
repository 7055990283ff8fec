import type { ApiClient } from '@tribune/shared/ApiClient.ts';
import { PROTOCOL_VERSION } from '@tribune/shared/domain.ts';
import type { TicketResponse, Welcome } from '@tribune/shared/protocol.ts';
import { createInstanceId } from '@tribune/shared/RoomConnection.ts';
import { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { Device } from 'mediasoup-client';
import type { RtpCapabilities } from 'mediasoup-client/types';
import type { Environment } from './environment.ts';

/** One open connection to the node that the room is on. */
export interface Connection {
  readonly signaling: SignalingClient;
  readonly welcome: Welcome;
  readonly device: Device;
  readonly iceServers: RTCIceServer[];
  /** When its ticket was asked for, or that of the first attempt to enter, in the terms of `performance.now()`. */
  readonly askedAt: number;
}

interface ConnectorOptions {
  readonly api: ApiClient;
  readonly roomId: string;
  readonly environment: Environment;
  /** Attaches the listeners of notifications, before the first of them can come. */
  readonly subscribe: (signaling: SignalingClient) => void;
}

/** Opens connections to one room, each with a ticket of its own and all under the name of this page. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #instanceId = createInstanceId();
  #firstAskedAt: number | null = null;
  #opened = false;
  /** Node that the last ticket named, when it did not answer. */
  #unreachable: string | null = null;
  #loaded: { readonly capabilities: string; readonly device: Device } | null = null;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /**
   * Ticket, device, socket, welcome.
   * @throws {ApiError | SignalingError} with the code that decides what to do next; anything once `signal` is aborted.
   */
  async open(signal: AbortSignal): Promise<Connection> {
    const { api, roomId, environment, subscribe } = this.#options;
    const now = performance.now();
    // Who is told on entering to come back in a moment waits for that moment too.
    const askedAt = this.#opened ? now : (this.#firstAskedAt ??= now);
    const [ticket, created] = await Promise.all([
      api.createTicket(roomId, this.#unreachable === null ? {} : { avoid: this.#unreachable }),
      this.#loaded ? null : environment.createDevice(),
    ]);
    signal.throwIfAborted();
    const device = await this.#loadDevice(ticket.rtpCapabilities, created);
    signal.throwIfAborted();
    const socket = environment.createSocket(ticket.url, {
      ticket: ticket.ticket,
      protocol: PROTOCOL_VERSION,
      instanceId: this.#instanceId,
      rtpCapabilities: device.recvRtpCapabilities,
    });
    const signaling = new SignalingClient(socket);
    subscribe(signaling);
    const handleAbort = () => signaling.close();
    signal.addEventListener('abort', handleAbort);
    this.#unreachable = ticket.url;
    try {
      const welcome = await signaling.connect();
      this.#unreachable = null;
      signal.throwIfAborted();
      this.#opened = true;
      return { signaling, welcome, device, iceServers: toIceServers(ticket), askedAt };
    } finally {
      signal.removeEventListener('abort', handleAbort);
    }
  }

  /** A device is loaded once for the same capabilities: transports that are kept belong to it. */
  async #loadDevice(routerRtpCapabilities: TicketResponse['rtpCapabilities'], created: Device | null): Promise<Device> {
    const capabilities = JSON.stringify(routerRtpCapabilities);
    if (this.#loaded?.capabilities === capabilities) return this.#loaded.device;
    const device = created ?? (await this.#options.environment.createDevice());
    // The server's mediasoup names a few extensions more than the client's; what it does not know, it leaves out.
    await device.load({ routerRtpCapabilities: routerRtpCapabilities as RtpCapabilities });
    this.#loaded = { capabilities, device };
    return device;
  }
}

function toIceServers({ iceServers }: TicketResponse): RTCIceServer[] {
  return iceServers.map(({ urls, ...rest }) => ({ ...rest, urls: typeof urls === 'string' ? urls : [...urls] }));
}
