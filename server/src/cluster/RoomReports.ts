import type { Endpoint } from '../mixer/mixerMessages.ts';
import type { RoomReport } from './roomMessages.ts';

/** A node that says nothing for so long is not sent the mix any more. */
const SILENT_LIFE_MS = 600_000;
/** A living node that reports nothing for so long, while the channel carries what this node says, has nobody in the room any more. */
const UNREPORTED_MS = 6000;
/** This node reports once a second: without an echo for so long, the channel carries nothing. */
const DEAF_MS = 3000;

interface Heard {
  readonly report: RoomReport;
  readonly atMs: number;
}

/** What the other nodes that have a room open reported of it last. A node that is dead has nobody. */
export class RoomReports {
  readonly #isAlive: (nodeId: string) => boolean;
  readonly #now: () => number;
  readonly #heard = new Map<string, Heard>();
  /** Since when the channel has carried what this node says, and when it last did. */
  #hearingSinceMs = Infinity;
  #echoAtMs = -Infinity;

  /** @param isAlive whether the node registry knows the node as alive */
  constructor(isAlive: (nodeId: string) => boolean, now: () => number = () => performance.now()) {
    this.#isAlive = isAlive;
    this.#now = now;
  }

  /** @returns whether it was newer than what was known */
  take(report: RoomReport): boolean {
    const known = this.#heard.get(report.nodeId);
    if (known && report.madeAtMs <= known.report.madeAtMs) return false;
    this.#heard.set(report.nodeId, { report, atMs: this.#now() });
    return true;
  }

  /** This node has heard what it said itself: reports of others would get through, too. */
  noteEcho(): void {
    const nowMs = this.#now();
    if (nowMs - this.#echoAtMs > DEAF_MS) this.#hearingSinceMs = nowMs;
    this.#echoAtMs = nowMs;
  }

  /** Of living nodes that have the room open. While the channel carries nothing, what they said last goes on to hold. */
  get all(): readonly RoomReport[] {
    const nowMs = this.#now();
    const isHearing = nowMs - this.#echoAtMs <= DEAF_MS;
    return [...this.#heard.values()]
      .filter(({ atMs }) => !isHearing || nowMs - Math.max(atMs, this.#hearingSinceMs) <= UNREPORTED_MS)
      .map(({ report }) => report)
      .filter(({ nodeId, isOpen }) => isOpen && this.#isAlive(nodeId));
  }

  /**
   * Where the mix is wanted. A node that is silent may be cut off from Redis and not from its listeners: the mix goes on to where it
   * was wanted last, which costs next to nothing should the node be dead.
   */
  get mixEndpoints(): readonly Endpoint[] {
    for (const [nodeId, { atMs }] of this.#heard)
      if (this.#now() - atMs > SILENT_LIFE_MS && !this.#isAlive(nodeId)) this.#heard.delete(nodeId);
    return [...this.#heard.values()].map(({ report }) => report.mix).filter((endpoint) => endpoint !== null);
  }
}
