import type { Redis } from 'ioredis';
import { HomeLease, type Home } from './HomeLease.ts';

/** For so long what was heard goes on after the stage has left: longer than its voices take to follow. */
export const HANDOVER_MS = 5000;

/**
 * Where the stage of a room is, as this node knows it.
 * - `unknown`: no node is known to have it.
 * - `here`: on this node.
 * - `handingOver`: it was here and goes to another node; what comes in here is mixed on until its people have followed.
 * - `elsewhere`: on another node.
 */
export type HomeState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'here'; readonly epoch: number }
  | { readonly kind: 'handingOver'; readonly epoch: number; readonly to: Home | null }
  | { readonly kind: 'elsewhere'; readonly home: Home };

interface StageHomeOptions {
  readonly redis: Redis;
  readonly roomId: string;
  readonly nodeId: string;
  /** Whatever tells the time in ms, by a clock that nobody sets. */
  readonly now?: () => number;
}

interface ClaimOptions {
  /** Takes the lease at once where it is nobody's. */
  readonly eager?: boolean;
  /** Takes nothing, and lets a lease run out. */
  readonly lookOnly?: boolean;
}

/**
 * Follows the lease of one room's home. A node that cannot reach Redis goes on with what it heard last: it keeps its sound, since
 * silence helps nobody, and changes nothing in the store, since its lease has run out.
 */
export class StageHome {
  readonly #options: StageHomeOptions;
  readonly #now: () => number;
  readonly #lease: HomeLease;
  #known: Home | null = null;
  #handover: { readonly epoch: number; readonly startedMs: number } | null = null;
  /** Goes up when the stage is given away, so that a claim under way does not take it back. */
  #generation = 0;

  constructor(options: StageHomeOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#lease = new HomeLease({
      redis: options.redis,
      roomId: options.roomId,
      nodeId: options.nodeId,
      now: this.#now,
    });
  }

  get state(): HomeState {
    const isHere = this.#known?.nodeId === this.#options.nodeId;
    if (this.#known && isHere) return { kind: 'here', epoch: this.#known.epoch };
    if (this.#handover && this.#now() - this.#handover.startedMs < HANDOVER_MS)
      return { kind: 'handingOver', epoch: this.#handover.epoch, to: this.#known };
    return this.#known ? { kind: 'elsewhere', home: this.#known } : { kind: 'unknown' };
  }

  /** Whoever it is, as last heard. */
  get known(): Home | null {
    return this.#known;
  }

  /** What a write of the server has to carry; null while this node may make none. */
  get fence(): Home | null {
    return this.#lease.mine;
  }

  /** How long ago the stage left this node; Infinity where it did not. */
  get leftAgoMs(): number {
    return this.#handover ? this.#now() - this.#handover.startedMs : Infinity;
  }

  /**
   * Renews or takes the lease, or learns whose it is. Call it about once a second.
   * @returns the number of the room's record in the store, and whether this node's lease was lost and taken again in between, so
   *   that the store may have lost more
   * @throws {AppError} UNAVAILABLE
   */
  async claim({ eager = false, lookOnly = false }: ClaimOptions = {}): Promise<{ seq: number; wasLost: boolean }> {
    const generation = this.#generation;
    const before = this.#known;
    const { home, seq } = await this.#lease.claim({ eager, only: lookOnly ? 'look' : 'any' });
    const isMine = home?.nodeId === this.#options.nodeId;
    if (generation !== this.#generation && isMine) {
      // Given away while the question was under way.
      await this.#lease.release();
      return { seq, wasLost: false };
    }
    // Nobody's for a moment is not yet another's.
    if (!home) return { seq, wasLost: false };
    if (before?.nodeId === this.#options.nodeId && !isMine) this.#startHandover(before.epoch);
    if (isMine) this.#handover = null;
    this.#known = home;
    return { seq, wasLost: isMine && before?.nodeId === home.nodeId && before.epoch !== home.epoch };
  }

  /**
   * Gives the stage away. Idempotent, and harmless while Redis is away.
   * @param to the node that has it from now on; without one, the next that asks
   */
  async release(to?: string): Promise<void> {
    const { state } = this;
    this.#generation += 1;
    if (state.kind !== 'here') return;
    this.#startHandover(state.epoch);
    this.#known = null;
    await this.#lease.release(to);
  }

  #startHandover(epoch: number): void {
    this.#handover = { epoch, startedMs: this.#now() };
  }
}
