import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { RoomSnapshot } from '@tribune/shared/domain.ts';
import type { WireError } from '@tribune/shared/errors.ts';
import type { LiveRoom } from '@tribune/shared/live.ts';
import type {
  ConsumerInfo,
  MediaInfo,
  MediaOffer,
  NotificationName,
  Notifications,
  QueuePlace,
  RequestName,
} from '@tribune/shared/protocol.ts';
import type { TicketRequest } from '@tribune/shared/schemas.ts';
import { SignalingError, type SignalingSocket } from '@tribune/shared/SignalingClient.ts';
import { Device } from 'mediasoup-client';
import * as fakeParameters from 'mediasoup-client/fakeParameters';
import { FakeHandler } from 'mediasoup-client/handlers/FakeHandler';
import type { Transport } from 'mediasoup-client/types';
import type { Environment } from '../environment.ts';
import { aSnapshot } from '../../state/testing/rooms.ts';

type Answer = (data: Record<string, unknown>) => unknown;

/** The far end of everything: REST, sockets and WebRTC without a network. What it answers can be changed at any time. */
export class FakeServer {
  readonly api = new ApiClient('', 'token');
  readonly environment: Environment;
  readonly sockets: FakeSocket[] = [];
  readonly transports: Transport[] = [];
  /** Every request in the order of arrival. */
  readonly requests: RequestName[] = [];
  readonly answers = new Map<RequestName, Answer>();
  snapshot: RoomSnapshot = aSnapshot();
  media: MediaOffer = { kind: 'none' };
  /** Answers of the next ticket requests; then tickets again. */
  readonly refusedTickets: { status: number; code: string; retryAfterS?: number }[] = [];
  /** Set to refuse sockets. */
  refusal: WireError | null = null;
  /** Set for a network that lets HTTP through, and no WebSocket. */
  blocksSockets = false;
  tickets = 0;
  /** What `/live/:id/state.json` answers; null for a server that does not answer at all. */
  live: LiveRoom | null = null;
  /** Requests over HTTP alone, in the order of arrival: `POST reactions`. */
  readonly liveRequests: string[] = [];
  /** In a broadcast, those who hear it over HTTP get no ticket. */
  isBroadcast = false;
  /** Answers of the next ticket requests, before anything else. */
  readonly places: QueuePlace[] = [];
  /** Origins that the next tickets name, and what each ticket was asked for with. */
  readonly urls: string[] = [];
  readonly ticketRequests: TicketRequest[] = [];

  constructor() {
    this.environment = {
      createDevice: () => Promise.resolve(this.#createDevice()),
      createSocket: (_url, _auth, onOpen) => {
        const socket = new FakeSocket(this, onOpen);
        this.sockets.push(socket);
        return socket;
      },
    };
    this.answers.set('room:snapshot', () => this.snapshot);
    this.answers.set('media:start', () => aMedia());
    this.answers.set('transport:create', () => fakeParameters.generateTransportRemoteParameters());
    this.answers.set('transport:restartIce', () => fakeParameters.generateTransportRemoteParameters().iceParameters);
    this.answers.set('producer:create', () => ({ producerId: `producer-${this.requests.length}` }));
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('No socket was opened');
    return socket;
  }

  /** The open transport of that direction, and the handler that plays its ICE. */
  transport(direction: 'send' | 'recv'): { transport: Transport; handler: FakeHandler } | null {
    const transport = this.transports.findLast((it) => it.direction === direction && !it.closed);
    return transport ? { transport, handler: transport.handler as FakeHandler } : null;
  }

  count(name: RequestName): number {
    return this.requests.filter((request) => request === name).length;
  }

  /** Stands in for `fetch`. */
  readonly fetch = (url: string, { method = 'GET', body = '{}' }: { method?: string; body?: string }) => {
    const live = /\/live\/[\w-]+\/(.+)$/.exec(url)?.[1];
    if (live !== undefined) return this.#answerLive(method, live);
    this.tickets++;
    this.ticketRequests.push(JSON.parse(body) as TicketRequest);
    const place = this.places.shift();
    if (place) return Promise.resolve(Response.json(place, { status: 202 }));
    if (this.isBroadcast && url.endsWith('?hears=http')) return Promise.resolve(Response.json({ plane: 'http' }));
    const refused = this.refusedTickets.shift();
    if (refused) {
      const headers = refused.retryAfterS === undefined ? {} : { 'retry-after': String(refused.retryAfterS) };
      return Promise.resolve(Response.json({ code: refused.code }, { status: refused.status, headers }));
    }
    return Promise.resolve(
      Response.json({
        ticket: 'ticket',
        expiresInS: 30,
        url: this.urls.shift() ?? null,
        role: this.snapshot.self.role,
        rtpCapabilities: fakeParameters.generateRouterRtpCapabilities(),
        iceServers: [],
        room: this.snapshot.room,
      }),
    );
  };

  #answerLive(method: string, name: string): Promise<Response> {
    this.liveRequests.push(`${method} ${name}`);
    if (method === 'POST') return Promise.resolve(new Response(null, { status: 204 }));
    if (name === 'stream.mp4') return Promise.resolve(new Response(null, { status: 503 }));
    return this.live ? Promise.resolve(Response.json(this.live)) : Promise.reject(new TypeError('Failed to fetch'));
  }

  #createDevice(): Device {
    const device = new Device({ handlerFactory: FakeHandler.createFactory(fakeParameters) });
    device.observer.on('newtransport', (transport) => this.transports.push(transport));
    return device;
  }
}

/** One connection; `silent` is one whose network is gone without a word. */
export class FakeSocket implements SignalingSocket {
  connected = false;
  silent = false;
  readonly #server: FakeServer;
  readonly #onOpen: () => void;
  readonly #listeners = new Map<string, Set<(...args: never[]) => void>>();

  constructor(server: FakeServer, onOpen: () => void) {
    this.#server = server;
    this.#onOpen = onOpen;
  }

  connect(): void {
    queueMicrotask(() => {
      const { refusal, snapshot, media, blocksSockets } = this.#server;
      if (blocksSockets) return this.#emit('connect_error', new Error('websocket error'));
      this.#onOpen();
      if (refusal) return this.#emit('connect_error', Object.assign(new Error(refusal.code), { data: refusal }));
      this.connected = true;
      this.#emit('welcome', { snapshot, media, reportEveryS: 20 });
    });
  }

  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.#emit('disconnect');
  }

  on(event: string, listener: (...args: never[]) => void): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  off(event: string, listener: (...args: never[]) => void): void {
    this.#listeners.get(event)?.delete(listener);
  }

  timeout(ms: number) {
    return {
      emit: (name: string, data: Record<string, unknown>, done: (timeout: Error | null, ack?: unknown) => void) => {
        this.#server.requests.push(name as RequestName);
        if (this.silent) return setTimeout(done, ms, new Error('timeout'));
        void this.#answer(name as RequestName, data).then((ack) => {
          if (this.connected) done(null, ack);
          else done(new Error('socket has been disconnected'));
        });
      },
    } as ReturnType<SignalingSocket['timeout']>;
  }

  /** Sends a notification. */
  notify<N extends NotificationName>(name: N, data: Notifications[N], ack?: () => void): void {
    this.#emit(name, data, ack);
  }

  async #answer(name: RequestName, data: Record<string, unknown>): Promise<unknown> {
    try {
      return { ok: true, data: (await this.#server.answers.get(name)?.(data)) ?? null };
    } catch (error) {
      return { ok: false, error };
    }
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) (listener as (...args: unknown[]) => void)(...args);
  }
}

export function refuse(code: WireError['code']): Answer {
  return () => {
    throw new SignalingError({ code, message: code });
  };
}

let created = 0;

/** A stream of one person, as the server offers it. */
export function aConsumer(userId = 'user-host-1', overrides: Partial<ConsumerInfo> = {}): ConsumerInfo {
  const id = `consumer-${++created}`;
  const { rtpParameters } = fakeParameters.generateConsumerRemoteParameters({ id, codecMimeType: 'audio/opus' });
  const info = { id, producerId: `producer-of-${id}`, userId, ...overrides };
  return { ...info, rtpParameters };
}

export function aMedia(...consumers: ConsumerInfo[]): MediaInfo {
  const recv = fakeParameters.generateTransportRemoteParameters();
  return { recv: recv as unknown as MediaInfo['recv'], consumers };
}
