import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, BroadcastError, QueuedError } from './ApiClient.ts';
import type { ErrorCode, WireError } from './errors.ts';
import type { QueuePlace, TicketResponse } from './protocol.ts';
import { ReconnectPolicy, type ReconnectContext } from './ReconnectPolicy.ts';
import { RoomConnection, type RoomConnectionOptions, type RoomConnectionState } from './RoomConnection.ts';
import type { HandshakeAuth, TicketRequest } from './schemas.ts';
import type { SignalingSocket } from './SignalingClient.ts';

type Behaviour = 'welcome' | 'silence' | 'closedBeforeWelcome' | 'closedWithWelcome' | WireError;

/** One end of a socket pair; the test plays the other one. */
class FakeSocket implements SignalingSocket {
  connected = false;
  disconnected = false;
  readonly requests: string[] = [];
  readonly #behaviour: Behaviour;
  readonly #listeners = new Map<string, Set<(...args: never[]) => void>>();

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  connect(): void {
    queueMicrotask(() => {
      if (this.disconnected || this.#behaviour === 'silence') return;
      if (typeof this.#behaviour === 'object') {
        return this.emit('connect_error', Object.assign(new Error('refused'), { data: this.#behaviour }));
      }
      this.connected = true;
      if (this.#behaviour === 'closedBeforeWelcome') return this.serverCloses('restarting');
      this.emit('welcome', {});
      if (this.#behaviour === 'closedWithWelcome') this.serverCloses('restarting');
    });
  }

  disconnect(): void {
    this.disconnected = true;
    if (!this.connected) return;
    this.connected = false;
    this.emit('disconnect');
  }

  on(event: string, listener: (...args: never[]) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: (...args: never[]) => void): void {
    this.#listeners.get(event)?.delete(listener);
  }

  timeout() {
    return {
      emit: (name: string, _data: unknown, done: (timeout: null, ack: unknown) => void) => {
        this.requests.push(name);
        done(null, { ok: true, data: null });
      },
    };
  }

  /** As a server does: the reason, and then the end. */
  serverCloses(reason: string): void {
    this.emit('closed', { reason });
    this.disconnect();
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) (listener as (...args: unknown[]) => void)(...args);
  }
}

let sockets: FakeSocket[];
let auths: HandshakeAuth[];
let ticketRequests: TicketRequest[];
/** What the next sockets do, and what the next tickets are instead of tickets; after that all is well. */
let behaviours: Behaviour[];
let refusals: (ErrorCode | ApiError | 'never')[];
/** Origins that the next tickets name. */
let urls: (string | null)[];
let states: RoomConnectionState[];
let connection: RoomConnection;

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const kinds = () => states.map(({ kind }) => kind);
const place: QueuePlace = { place: 7, estimateS: null, retryAfterS: 5 };
const pauses: number[] = [];

async function createTicket(_roomId: string, request: TicketRequest = {}): Promise<TicketResponse> {
  ticketRequests.push(request);
  const refusal = refusals.shift();
  if (refusal === 'never') return new Promise(() => {});
  if (refusal instanceof ApiError) throw refusal;
  if (refusal) throw new ApiError(refusal, refusal);
  return { ticket: `ticket-${ticketRequests.length}`, url: urls.shift() ?? null } as TicketResponse;
}

function create(options: Partial<RoomConnectionOptions> = {}): RoomConnection {
  const standard = new ReconnectPolicy(() => 0.5);
  return new RoomConnection({
    api: { createTicket },
    roomId: 'room-1234',
    createSocket: (_url, auth) => {
      auths.push(auth);
      sockets.push(new FakeSocket(behaviours.shift() ?? 'welcome'));
      return sockets.at(-1)!;
    },
    prepare: () => ({}),
    onState: (state) => states.push(state),
    policy: {
      nextDelayMs: (context: ReconnectContext) => {
        const delayMs = standard.nextDelayMs(context);
        if (delayMs !== null) pauses.push(delayMs);
        return delayMs;
      },
    },
    ...options,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  [sockets, auths, ticketRequests, behaviours, refusals, urls, states] = [[], [], [], [], [], [], []];
  pauses.length = 0;
  connection = create();
});

afterEach(async () => {
  connection.close();
  await pass();
  const left = { timers: vi.getTimerCount(), sockets: sockets.filter(({ disconnected }) => !disconnected).length };
  vi.useRealTimers();
  if (left.timers + left.sockets > 0) throw new Error(`Left behind after close(): ${JSON.stringify(left)}`);
});

describe('entering', () => {
  it('takes a ticket, opens a socket with it, and is in the room with the welcome', async () => {
    const opened = await connection.join();
    expect(auths[0]).toMatchObject({ ticket: 'ticket-1', protocol: 1 });
    expect(auths[0]!.instanceId).toMatch(/^[\w-]{8,64}$/);
    expect(connection.opened?.signaling).toBe(opened.signaling);
    expect(kinds()).toEqual(['joined']);
  });

  it('stands in the queue, is told each place, and enters when it is its turn', async () => {
    refusals = [new QueuedError(place), new QueuedError({ ...place, place: 3 })];
    const joining = connection.join();
    await pass(20_000);
    await joining;
    expect(states.slice(0, 2)).toMatchObject([
      { kind: 'queued', place: 7 },
      { kind: 'queued', place: 3 },
    ]);
    expect(kinds().at(-1)).toBe('joined');
    expect(pauses[0]).toBeGreaterThanOrEqual(5000);
  });

  it('says with what it was refused, while it tries again', async () => {
    refusals = [new ApiError('RATE_LIMITED', '', 2)];
    connection.join().catch(() => {});
    await pass();
    expect(states).toEqual([{ kind: 'connecting', refused: 'RATE_LIMITED' }]);
  });

  it('ends with the error of the server when a retry mends nothing', async () => {
    refusals = ['ROOM_ENDED'];
    await expect(connection.join()).rejects.toMatchObject({ code: 'ROOM_ENDED' });
    expect(connection.state).toMatchObject({ kind: 'closed', reason: 'ROOM_ENDED' });
    expect(ticketRequests).toHaveLength(1);
  });

  it('asks for a ticket that avoids a node that did not answer', async () => {
    urls = ['https://a.example', 'https://b.example'];
    behaviours = [{ code: 'UNAVAILABLE', message: '' }];
    const joining = connection.join();
    await pass(10);
    await joining;
    expect(ticketRequests).toEqual([{}, { avoid: 'https://a.example' }]);
    sockets.at(-1)!.disconnect();
    await pass(1000);
    expect(ticketRequests.at(-1)).toEqual({});
  });

  it('counts the time from the first attempt to enter, and after that from each attempt', async () => {
    const startedAt = performance.now();
    refusals = [new QueuedError(place)];
    const joining = connection.join();
    await pass(20_000);
    expect((await joining).askedAt).toBe(startedAt);
    sockets[0]!.disconnect();
    await pass(100);
    expect(connection.opened!.askedAt).toBeGreaterThan(startedAt);
  });

  it('is prepared by each ticket before its socket is made, and does not come in when that fails', async () => {
    connection = create({
      prepare: () => {
        throw new Error('no');
      },
      policy: { nextDelayMs: () => null },
    });
    await expect(connection.join()).rejects.toThrow('no');
    expect(sockets).toHaveLength(0);
  });
});

describe('a broadcast', () => {
  const asked: (string | undefined)[] = [];
  beforeEach(() => {
    asked.length = 0;
    const ask: RoomConnectionOptions['api']['createTicket'] = async (roomId, request, options) => {
      asked.push(options?.hears);
      if (options?.hears === 'http') throw new BroadcastError();
      return createTicket(roomId, request);
    };
    connection = create({ api: { createTicket: ask }, hearsOverHttp: () => true });
    connection.join().catch(() => {});
  });

  it('is heard over HTTP, and asks for nothing more', async () => {
    await pass(600_000);
    expect(kinds()).toEqual(['broadcast']);
    expect(asked).toEqual(['http']);
    await expect(connection.request('hand:raise')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('has a place for whoever seeks one, as long as they do', async () => {
    await pass();
    connection.seekPlace();
    await pass(10);
    expect(kinds()).toEqual(['broadcast', 'joined']);
    sockets[0]!.disconnect();
    await pass(1000);
    expect(kinds().at(-1)).toBe('joined');
    expect(asked).toEqual(['http', undefined, undefined]);
    connection.giveUpPlace();
    await pass(1000);
    expect(kinds().at(-1)).toBe('broadcast');
    expect(sockets.at(-1)!.disconnected).toBe(true);
  });

  it('has a place for whoever seeks one while their first ticket is on its way', async () => {
    connection.seekPlace();
    await pass(10);
    expect(asked).toEqual(['http', undefined]);
    expect(kinds()).toEqual(['broadcast', 'joined']);
  });

  it('is over as soon as its end is known, without another ticket', async () => {
    await pass();
    connection.handleEnded();
    await pass(600_000);
    expect(connection.state).toMatchObject({ kind: 'closed', reason: 'ROOM_ENDED' });
    expect(asked).toEqual(['http']);
  });
});

describe('coming back', () => {
  it('says at once that the connection is lost, and comes back with another ticket under the same name', async () => {
    await connection.join();
    sockets[0]!.disconnect();
    expect(connection.state).toEqual({ kind: 'resuming', attempt: 1 });
    expect(connection.opened).toBeNull();
    await pass();
    expect(kinds()).toEqual(['joined', 'resuming', 'joined']);
    expect(auths[1]).toMatchObject({ ticket: 'ticket-2', instanceId: auths[0]!.instanceId });
  });

  it('starts with the first delay again only after a connection that held', async () => {
    await connection.join();
    sockets[0]!.disconnect();
    await pass();
    sockets[1]!.disconnect();
    await pass(300);
    sockets[2]!.disconnect();
    await pass(2000);
    await pass(6000);
    sockets[3]!.disconnect();
    expect(pauses).toEqual([0, 300, 1200, 0]);
  });

  it.each(['closedBeforeWelcome', 'closedWithWelcome'] as const)(
    'has one loop when the server restarts and it is %s: one ticket for each pause',
    async (behaviour) => {
      behaviours = Array.from({ length: 4 }, () => behaviour);
      const joining = connection.join();
      await pass(30_000);
      await joining;
      expect(ticketRequests).toHaveLength(5);
      expect(sockets).toHaveLength(5);
      // The word of the server counts, though its welcome never came: a crowd spreads over three seconds.
      expect(pauses).toEqual([1750, 1750, 1750, 1750]);
    },
  );

  it('stops for a reason that forbids to come back, and says which', async () => {
    await connection.join();
    sockets[0]!.serverCloses('banned');
    await pass(60_000);
    expect(connection.state).toMatchObject({ kind: 'closed', reason: 'banned' });
    expect(ticketRequests).toHaveLength(1);
  });

  it('still hears the answer to what ended it', async () => {
    await connection.join();
    const ending = connection.request('room:end');
    sockets[0]!.emit('closed', { reason: 'ended' });
    expect(sockets[0]!.disconnected).toBe(false);
    await ending;
    await pass(1000);
    expect(sockets[0]!.disconnected).toBe(true);
  });

  it('does not come back to a room that another page of the same person has taken over before the welcome', async () => {
    behaviours = ['silence'];
    const joining = connection.join();
    await pass();
    sockets[0]!.connected = true;
    sockets[0]!.serverCloses('replaced');
    await expect(joining).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(connection.state).toMatchObject({ kind: 'closed', reason: 'replaced' });
  });

  it('waits for no pause once the network is said to be back, and does not touch an open connection', async () => {
    await connection.join();
    connection.retryNow();
    await pass();
    expect(sockets).toHaveLength(1);
    behaviours = [
      { code: 'UNAVAILABLE', message: '' },
      { code: 'UNAVAILABLE', message: '' },
    ];
    sockets[0]!.disconnect();
    await pass(400);
    expect(connection.state.kind).toBe('resuming');
    connection.retryNow();
    await pass();
    expect(connection.state.kind).toBe('joined');
  });

  it('has one attempt in flight, however often it is told to hurry', async () => {
    await connection.join();
    sockets[0]!.disconnect();
    for (let times = 0; times < 5; times++) {
      connection.retryNow();
      await Promise.resolve();
    }
    await pass(20_000);
    expect(sockets.filter(({ connected }) => connected)).toHaveLength(1);
    expect(connection.state.kind).toBe('joined');
  });

  it('drops a connection that is silent, and opens the next', async () => {
    await connection.join();
    connection.drop();
    expect(connection.state.kind).toBe('resuming');
    expect(sockets[0]!.disconnected).toBe(true);
    await pass();
    expect(connection.state.kind).toBe('joined');
  });

  it('does nothing while it is suspended, until it is told to go on', async () => {
    await connection.join();
    connection.suspend();
    expect(sockets[0]!.disconnected).toBe(true);
    await pass(60_000);
    expect(sockets).toHaveLength(1);
    connection.retryNow();
    await pass();
    expect(kinds()).toEqual(['joined', 'moving', 'joined']);
  });

  it('can be suspended during a pause and while it enters', async () => {
    refusals = ['UNAVAILABLE', 'UNAVAILABLE'];
    const joining = connection.join();
    await pass(100);
    connection.suspend();
    await pass(60_000);
    expect(ticketRequests).toHaveLength(2);
    refusals = ['never'];
    connection.retryNow();
    await pass();
    connection.suspend();
    await pass(60_000);
    connection.retryNow();
    await pass();
    await joining;
    expect(ticketRequests).toHaveLength(4);
  });
});

describe('moving', () => {
  it('asks the next node for what is wanted while the room moves, and says nothing of a loss', async () => {
    await connection.join();
    sockets[0]!.emit('closed', { reason: 'moved' });
    const reacting = connection.request('reaction:send', { kind: 'heart' });
    await pass();
    await reacting;
    expect(sockets[0]!.requests).toEqual([]);
    expect(sockets[1]!.requests).toEqual(['reaction:send']);
    expect(kinds()).toEqual(['joined', 'moving', 'joined']);
  });

  it('leaves the old socket open until the next one is', async () => {
    await connection.join();
    refusals = ['UNAVAILABLE'];
    sockets[0]!.emit('closed', { reason: 'moved' });
    await pass();
    expect(sockets[0]!.disconnected).toBe(false);
    await pass(1000);
    expect(sockets[0]!.disconnected).toBe(true);
  });

  it('refuses what was wanted when the move takes longer', async () => {
    await connection.join();
    refusals = ['UNAVAILABLE'];
    sockets[0]!.emit('closed', { reason: 'moved' });
    const reacting = connection.request('reaction:send', { kind: 'heart' });
    reacting.catch(() => {});
    await pass();
    await expect(reacting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(connection.state.kind).toBe('resuming');
  });

  it('leaves a node that passes no media for another one, each node once', async () => {
    urls = ['https://a.example', 'https://b.example', 'https://a.example'];
    await connection.join();
    expect(connection.leaveNode()).toBe(true);
    await pass();
    expect(ticketRequests.at(-1)).toEqual({ avoid: 'https://a.example' });
    expect(connection.leaveNode()).toBe(true);
    await pass(300);
    expect(connection.leaveNode()).toBe(false);
    expect(connection.state.kind).toBe('joined');
    expect(kinds()).not.toContain('resuming');
  });

  it('stays where there is no other node to name', async () => {
    await connection.join();
    expect(connection.leaveNode()).toBe(false);
  });
});

describe('the end', () => {
  it('leaves nothing behind, at whatever moment it is closed', async () => {
    const moments: [string, () => Promise<void>][] = [
      ['before it joins', async () => {}],
      ['while it waits for a ticket', async () => void refusals.push('never')],
      ['while it is prepared', async () => {}],
      ['while the socket connects', async () => void behaviours.push('silence')],
      ['in the room', async () => {}],
      ['between two attempts', async () => void refusals.push('UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE')],
      ['in the queue', async () => void refusals.push(new QueuedError(place))],
    ];
    for (const [moment, arrange] of moments) {
      await arrange();
      const prepared = Promise.withResolvers<object>();
      const own = create({ prepare: () => (moment === 'while it is prepared' ? prepared.promise : {}) });
      const before = sockets.length;
      if (moment !== 'before it joins') own.join().catch(() => {});
      await pass(10);
      own.close();
      prepared.resolve({});
      await pass(60_000);
      expect(own.state, moment).toMatchObject({ kind: 'closed', reason: 'left' });
      expect(
        sockets.slice(before).every(({ disconnected }) => disconnected),
        moment,
      ).toBe(true);
      expect(vi.getTimerCount(), moment).toBe(0);
      [refusals, behaviours] = [[], []];
    }
  });

  it('is joined by nobody after it was closed', async () => {
    connection.close();
    await expect(connection.join()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(ticketRequests).toHaveLength(0);
  });

  it('can be closed by whoever is told of the state', async () => {
    connection = create({ onState: ({ kind }) => kind === 'joined' && connection.close() });
    await connection.join();
    expect(connection.state.kind).toBe('closed');
    expect(sockets[0]!.disconnected).toBe(true);
  });
});
