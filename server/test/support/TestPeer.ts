import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { RoomState, SelfState, StageMember } from '@tribune/shared/domain.ts';
import type {
  MediaInfo,
  NotificationName,
  Notifications,
  TicketResponse,
  TransportInfo,
  Welcome,
} from '@tribune/shared/protocol.ts';
import { RoomConnection } from '@tribune/shared/RoomConnection.ts';
import { socketAddress } from '@tribune/shared/socketAddress.ts';
import type { Disconnection, SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { Socket as NetSocket } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { fakeRtpParameters } from './rtpParameters.ts';

const WAIT_MS = 8000;

interface Identity {
  readonly api: ApiClient;
  readonly userId: string;
  readonly token: string;
  readonly origin: string;
}

/** A person as a test plays them: real tickets, real sockets; acknowledges consumers as a browser would. */
export class TestPeer {
  readonly name: string;
  readonly userId: string;
  readonly token: string;
  instanceId = randomId();
  /** The network address that they say to come from, where the server trusts a proxy. */
  address: string | null = null;
  /** Everything received, in order. */
  readonly received: { readonly name: NotificationName; readonly data: unknown }[] = [];
  #api: ApiClient;
  #origin: string;
  #socket: Socket | null = null;
  #connection: RoomConnection | null = null;
  #signaling: SignalingClient | null = null;
  #self: SelfState | null = null;
  #state: RoomState | null = null;
  #receives: string | null = null;
  #sends: string | null = null;
  #watchers = new Set<() => void>();
  disconnection: Disconnection | null = null;
  /** Whether it answers what asks for an answer, as a page that sleeps does not. */
  acknowledges = true;

  constructor(name: string, { api, userId, token, origin }: Identity) {
    this.name = name;
    this.userId = userId;
    this.token = token;
    this.#api = api;
    this.#origin = origin;
  }

  get api(): ApiClient {
    return this.#api;
  }

  get socket(): Socket {
    if (!this.#socket) throw new Error(`${this.name} has not joined`);
    return this.#socket;
  }

  get signaling(): SignalingClient {
    if (!this.#signaling) throw new Error(`${this.name} has not joined`);
    return this.#signaling;
  }

  get self(): SelfState {
    if (!this.#self) throw new Error(`${this.name} has not joined`);
    return this.#self;
  }

  get state(): RoomState {
    if (!this.#state) throw new Error(`${this.name} has not joined`);
    return this.#state;
  }

  moveTo(origin: string): void {
    this.#origin = origin;
    this.#api = new ApiClient(origin, this.token);
  }

  /** Ticket, socket, welcome. @throws {ApiError | SignalingError} */
  async join(roomId: string): Promise<Welcome> {
    return this.connect(await this.#api.createTicket(roomId));
  }

  /** Connects with a ticket, or with something else in its place. Never comes back by itself. */
  async connect(ticket: TicketResponse, overrides: object = {}): Promise<Welcome> {
    this.disconnection = null;
    this.#connection = new RoomConnection({
      api: { createTicket: () => Promise.resolve(ticket) },
      roomId: ticket.room.id,
      instanceId: this.instanceId,
      prepare: ({ rtpCapabilities }) => rtpCapabilities,
      transportIds: () => [this.#receives, this.#sends].filter((it) => it !== null),
      createSocket: (url, auth) => {
        const { origin, path } = socketAddress(url ?? this.#origin);
        this.#socket = io(origin, {
          path,
          ...{ transports: ['websocket'], reconnection: false, autoConnect: false, forceNew: true },
          auth: { ...auth, ...overrides },
          ...(this.address === null ? {} : { extraHeaders: { 'x-forwarded-for': this.address } }),
        });
        return this.#socket;
      },
      subscribe: (signaling) => {
        this.#signaling = signaling;
        this.#listen(signaling);
      },
      policy: { nextDelayMs: () => null },
    });
    const { welcome } = await this.#connection.join();
    if (welcome.media.kind === 'new') this.#receives = welcome.media.recv.id;
    this.#self = welcome.snapshot.self;
    this.#state = welcome.snapshot.state;
    return welcome;
  }

  request: SignalingClient['request'] = async (name, ...data) => {
    const answer = await this.signaling.request(name, ...data);
    // As a page, it knows its transports.
    if (name === 'media:start') this.#receives = (answer as MediaInfo).recv.id;
    if (name === 'transport:create') this.#sends = (answer as TransportInfo).id;
    return answer;
  };

  /** The code with which a request is refused; fails when it is not. */
  async refusal(request: Promise<unknown>): Promise<string> {
    const outcome = await request.then(
      () => 'nothing was refused',
      (error: { code?: string }) => error.code ?? JSON.stringify(error),
    );
    return outcome;
  }

  /** A producer on a transport that never connects: enough for the rules, not for sound. */
  async produce(ssrc?: number): Promise<string> {
    const { id } = await this.request('transport:create');
    const { producerId } = await this.request('producer:create', {
      transportId: id,
      rtpParameters: fakeRtpParameters(ssrc),
    });
    return producerId;
  }

  member(userId: string): StageMember | undefined {
    return this.state.stage.find((member) => member.userId === userId);
  }

  /** Waits until what this peer was told makes `condition` true. */
  async until(condition: () => boolean, what = 'the condition', withinMs = WAIT_MS): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const watch = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#watchers.delete(watch);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watch);
        reject(new Error(`${this.name} waited in vain for ${what}; last: ${JSON.stringify(this.received.slice(-3))}`));
      }, withinMs);
      this.#watchers.add(watch);
    });
  }

  all<N extends NotificationName>(name: N): Notifications[N][] {
    return this.received.filter((message) => message.name === name).map(({ data }) => data as Notifications[N]);
  }

  /** Waits for a notification, one received already included. */
  async told<N extends NotificationName>(
    name: N,
    matches: (data: Notifications[N]) => boolean = () => true,
  ): Promise<Notifications[N]> {
    await this.until(() => this.all(name).some(matches), name);
    const found = this.all(name).findLast(matches);
    if (!found) throw new Error('unreachable');
    return found;
  }

  forget(): void {
    this.received.length = 0;
  }

  /** The network goes: no goodbye reaches the server in Socket.IO's own words. */
  cut(): void {
    this.socket.io.engine.close();
  }

  /** The machine stops: its socket stays open, and nothing is read from it any more. */
  freeze(): void {
    const { transport } = this.socket.io.engine as unknown as { transport: { ws: { _socket: NetSocket } } };
    transport.ws._socket.pause();
  }

  leave(): void {
    this.#connection?.close();
  }

  #listen(signaling: SignalingClient): void {
    const names: readonly NotificationName[] = [
      ...([
        'closed',
        'room:state',
        'room:pulse',
        'hands:changed',
        'self:changed',
        'media:restart',
        'recording:lost',
      ] as const),
      ...(['consumer:created', 'consumer:closed', 'producer:closed'] as const),
    ];
    for (const name of names) {
      signaling.on(name, (data, ack) => {
        this.received.push({ name, data });
        if (name === 'self:changed') this.#self = (data as Notifications['self:changed']).self;
        if (name === 'room:state') this.#take(data as RoomState);
        if (name === 'room:pulse') this.#take((data as Notifications['room:pulse']).state);
        if (this.acknowledges) ack?.();
        this.#notify();
      });
    }
    signaling.onDisconnect((reason) => {
      this.disconnection = reason;
      this.#notify();
    });
  }

  #take(state: RoomState | undefined): void {
    if (state && (!this.#state || state.seq > this.#state.seq)) this.#state = state;
  }

  #notify(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}

export function randomId(): string {
  return crypto.randomUUID();
}
