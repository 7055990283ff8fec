import { REACTION_KINDS } from '@tribune/shared/domain.ts';
import type { BehaviourCounts, BehaviourPlan } from './behaviour.ts';
import { NO_BEHAVIOUR } from './behaviour.ts';
import type { Listener } from './Listener.ts';
import { createRandom, type Random } from '../random.ts';

/** A listener who leaves stays away for so long, drawn evenly. */
const AWAY_MS = [1000, 5000] as const;
/** As long as a hand is up. */
const HAND_MS = [2000, 8000] as const;
const MINUTE_S = 60;

type Acting = Pick<Listener, 'state' | 'signaling' | 'leave' | 'comeBack' | 'reconnect'>;

/**
 * The activity of an audience: people leave and come back, lose their connection, applaud, raise hands. Each kind of act is a
 * Poisson process over the listeners who are there.
 */
export class AudienceActivity {
  readonly #listeners: readonly Acting[];
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #work: Promise<void>[];
  readonly #under = new Set<Promise<void>>();
  /** In the middle of something else. */
  readonly #busy = new Set<Acting>();
  #counts: { -readonly [K in keyof BehaviourCounts]: BehaviourCounts[K] } = { ...NO_BEHAVIOUR };
  readonly #returnMs: number[] = [];
  readonly #reconnectMs: number[] = [];

  /**
   * @param plan for the whole audience, of which these are all or a part
   * @param share of the audience that these are, 0 to 1
   */
  constructor(listeners: readonly Acting[], plan: BehaviourPlan, share: number, seed: number) {
    this.#listeners = listeners;
    this.#random = createRandom(seed);
    const everyMinute = (pct: number) => (listeners.length * pct) / 100 / MINUTE_S;
    this.#work = [
      this.#repeat(everyMinute(plan.churnPct), async (listener) => this.#goAway(listener)),
      this.#repeat(everyMinute(plan.reconnectPct), async (listener) => this.#cut(listener)),
      this.#repeat(plan.reactionsPerS * share, async (listener) => this.#react(listener)),
      this.#repeat((plan.handsPerMinute * share) / MINUTE_S, async (listener) => this.#raiseHand(listener)),
    ];
  }

  counts(): BehaviourCounts {
    return { ...this.#counts, returnMs: this.#returnMs, reconnectMs: this.#reconnectMs };
  }

  /** Resolves once everyone is back in the room, or failed on the way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#work);
    await Promise.all(this.#under);
  }

  /** Acts go on side by side: a slow one delays no other. */
  async #repeat(perSecond: number, act: (listener: Acting) => Promise<void>): Promise<void> {
    if (perSecond <= 0) return;
    for (;;) {
      // Exponential waits make a Poisson process.
      const waitMs = (-Math.log(1 - this.#random()) / perSecond) * 1000;
      if (!(await this.#wait(waitMs))) return;
      const listener = this.#pick();
      if (!listener) continue;
      this.#busy.add(listener);
      const done: Promise<void> = act(listener)
        // What broke a listener is in their state; what was refused is counted.
        .catch(() => void (this.#counts.refused += 1))
        .finally(() => {
          this.#busy.delete(listener);
          this.#under.delete(done);
        });
      this.#under.add(done);
    }
  }

  /** Someone who is there and has nothing else in hand; nobody when chance found none. */
  #pick(): Acting | null {
    const listener = this.#listeners[Math.floor(this.#random() * this.#listeners.length)];
    return listener && listener.state.kind === 'listening' && !this.#busy.has(listener) ? listener : null;
  }

  async #goAway(listener: Acting): Promise<void> {
    listener.leave();
    this.#counts.left += 1;
    await this.#wait(this.#between(AWAY_MS));
    const ms = await listener.comeBack();
    if (ms === null) return;
    this.#counts.returned += 1;
    this.#returnMs.push(ms);
  }

  async #cut(listener: Acting): Promise<void> {
    this.#counts.cut += 1;
    const startedMs = performance.now();
    const media = await listener.reconnect();
    if (media === null) return;
    this.#reconnectMs.push(performance.now() - startedMs);
    if (media === 'kept') this.#counts.kept += 1;
    else this.#counts.rebuilt += 1;
  }

  async #react(listener: Acting): Promise<void> {
    const kind = REACTION_KINDS[Math.floor(this.#random() * REACTION_KINDS.length)]!;
    await listener.signaling.request('reaction:send', { kind });
    this.#counts.reactions += 1;
  }

  async #raiseHand(listener: Acting): Promise<void> {
    await listener.signaling.request('hand:raise');
    this.#counts.hands += 1;
    await this.#wait(this.#between(HAND_MS));
    await listener.signaling.request('hand:lower');
  }

  #between([from, to]: readonly [number, number]): number {
    return from + this.#random() * (to - from);
  }

  /** False when it was stopped meanwhile. */
  async #wait(ms: number): Promise<boolean> {
    const { signal } = this.#stop;
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve(!signal.aborted);
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
  }
}
