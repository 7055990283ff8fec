import { ApiClient, ApiError } from '@tribune/shared/ApiClient.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './failure.ts';
import { epochMs } from '../clock.ts';
import type { ProcessUsage } from '../ProcessMonitor.ts';
import type { Guard } from '../guard.ts';
import { Histogram } from '../hearing/Histogram.ts';
import type { AudiencePartRequest } from './listenerCommands.ts';
import { Listener, type ListenerState } from './Listener.ts';
import { sumCounts, tally } from '../hearing/stats.ts';

/** Sessions are made ahead, a few at a time: they are not what is measured. */
const SESSION_CONCURRENCY = 8;
const SESSION_ATTEMPTS = 5;
const SESSION_RETRY_MAX_S = 30;

export interface AudiencePartOptions extends AudiencePartRequest {
  readonly guard: Guard;
}

/** Totals over all listeners at one moment. */
export interface AudienceCount {
  readonly arrived: number;
  readonly waiting: number;
  readonly joined: number;
  readonly failed: number;
  /** Listeners who were told to come back later, and do. */
  readonly toldToWait: number;
  /** These two leave out listeners behind an emulated slow network, whose loss says nothing of the server. */
  readonly received: number;
  readonly expected: number;
  /** Why people failed, each with how many. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  /** Bins of a `Histogram` of times to first audio. */
  readonly ttfaBins: Uint32Array;
  /** CPU time of this process since it began. */
  readonly cpuMs: number;
}

export const NOBODY: AudienceCount = {
  ...{ arrived: 0, waiting: 0, joined: 0, failed: 0, toldToWait: 0, received: 0, expected: 0, cpuMs: 0 },
  ...{ reasons: [], ttfaBins: new Histogram().bins },
};

/** One listener at the end, without what kept them going. */
export type ListenerResult = Pick<
  Listener,
  'kind' | 'room' | 'state' | 'joinMs' | 'ttfaMs' | 'refusals' | 'mediaFailed'
>;

export interface AudiencePartResults {
  readonly listeners: readonly ListenerResult[];
  /** First ticket request, and when the last of them had heard something; null before. */
  readonly ramp: { readonly firstEpochMs: number; readonly lastEpochMs: number } | null;
  /** Of this process while people arrived; null before the end of that. */
  readonly arriving: ProcessUsage | null;
}

/** The simulated listeners of one process: how they arrive, and what they say of themselves. */
export class AudiencePart {
  readonly listeners: readonly Listener[];
  /** Of the whole run; these listeners may be in a part of them. */
  readonly roomCount: number;
  arriving: ProcessUsage | null = null;
  #ramp: AudiencePartResults['ramp'] = null;

  private constructor(listeners: readonly Listener[], roomCount: number) {
    this.listeners = listeners;
    this.roomCount = roomCount;
  }

  /** Makes everyone's session. A listener whose session fails is failed from the start. */
  static async create(options: AudiencePartOptions, signal: AbortSignal): Promise<AudiencePart> {
    const { origin, guard, roomIds, plans } = options;
    const listeners: Listener[] = [];
    let next = 0;
    const work = async () => {
      while (next < plans.length && !signal.aborted) {
        const { kind, room } = plans[next]!;
        const name = `Listener ${++next}`;
        const api = new ApiClient(origin);
        const listener = new Listener({ name, api, origin, roomId: roomIds[room]!, room, guard, kind });
        listeners.push(listener);
        await createSession(api, name, signal).catch((error: unknown) => {
          if (!signal.aborted) listener.fail(Failure.from('session', error).reason);
        });
      }
    };
    await Promise.all(Array.from({ length: SESSION_CONCURRENCY }, work));
    return new AudiencePart(listeners, roomIds.length);
  }

  /**
   * Lets everyone arrive as planned, whatever becomes of those before: arrivals do not wait for a slow server. Resolves once each
   * has heard something or failed.
   * @param atMs one for each listener, ascending, from now.
   * @throws the reason of `signal` when it is aborted.
   */
  async arrive(atMs: readonly number[], signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    const firstEpochMs = epochMs() + (atMs[0] ?? 0);
    let lastEpochMs = firstEpochMs;
    const joins: Promise<void>[] = [];
    for (const [index, listener] of this.listeners.entries()) {
      const waitMs = startMs + (atMs[index] ?? 0) - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      signal.throwIfAborted();
      joins.push(
        listener.join().then(() => {
          lastEpochMs = epochMs();
        }),
      );
    }
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    await Promise.race([Promise.all(joins), aborted.promise]);
    signal.removeEventListener('abort', abort);
    this.#ramp = { firstEpochMs, lastEpochMs };
  }

  /** The room goes live: the time of those who wait begins. */
  goLive(sinceMs: number): void {
    for (const listener of this.listeners) listener.goLive(sinceMs);
  }

  count(): AudienceCount {
    const inState = (kind: ListenerState['kind']) => this.listeners.filter(({ state }) => state.kind === kind).length;
    const { received, expected } = sumCounts(
      this.listeners.filter(({ kind }) => !kind.slow).map((listener) => listener.counts()),
    );
    return {
      arrived: this.listeners.filter(({ hasArrived }) => hasArrived).length,
      waiting: inState('waiting'),
      joined: inState('listening'),
      failed: inState('failed'),
      toldToWait: this.listeners.filter(({ refusals }) => refusals > 0).length,
      received,
      expected,
      reasons: tally(this.listeners.flatMap(({ state }) => (state.kind === 'failed' ? [state.reason] : []))),
      ttfaBins: this.#ttfaBins(),
      cpuMs: cpuMs(),
    };
  }

  #ttfaBins(): Uint32Array {
    const histogram = new Histogram();
    for (const { ttfaMs } of this.listeners) if (ttfaMs !== null) histogram.add(ttfaMs);
    return histogram.bins;
  }

  results(): AudiencePartResults {
    const listeners = this.listeners.map(({ kind, room, state, joinMs, ttfaMs, refusals, mediaFailed }) => ({
      ...{ kind, room, state, joinMs, ttfaMs, refusals, mediaFailed },
    }));
    return { listeners, ramp: this.#ramp, arriving: this.arriving };
  }
}

/** Everyone's totals as one. */
export function sumAudienceCounts(counts: readonly AudienceCount[]): AudienceCount {
  const sum = (of: (count: AudienceCount) => number) => counts.reduce((total, count) => total + of(count), 0);
  const ttfa = new Histogram();
  for (const { ttfaBins } of counts) ttfa.merge(ttfaBins);
  return {
    arrived: sum(({ arrived }) => arrived),
    waiting: sum(({ waiting }) => waiting),
    joined: sum(({ joined }) => joined),
    failed: sum(({ failed }) => failed),
    toldToWait: sum(({ toldToWait }) => toldToWait),
    received: sum(({ received }) => received),
    expected: sum(({ expected }) => expected),
    reasons: tally(counts.flatMap(({ reasons }) => reasons.flatMap(({ reason, count }) => Array(count).fill(reason)))),
    ttfaBins: ttfa.bins,
    cpuMs: sum(({ cpuMs: ms }) => ms),
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Waits where the server asks for patience, since the arrival has not begun. */
async function createSession(api: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await api.createSession(name);
      return;
    } catch (error) {
      const patient = error instanceof ApiError && error.retryAfterS !== null && attempt < SESSION_ATTEMPTS;
      if (!patient) throw error;
      await delay(Math.min(error.retryAfterS ?? 1, SESSION_RETRY_MAX_S) * 1000, undefined, { signal });
    }
  }
}
