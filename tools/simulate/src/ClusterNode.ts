import { Core } from './Core.ts';
import type { Costs } from './costs.ts';
import { ASSUMED, idleShare, pulseShare, type Cluster, type Stream } from './model.ts';

/** One machine of the cluster: admission, a core for Node, and the media workers. */
export class ClusterNode {
  readonly node = new Core();
  readonly workers: readonly Core[];
  readonly #costs: Costs;
  readonly #stream: Stream;
  readonly #joinsPerS: number;
  #tokens: number;
  #refilledMs = 0;
  #isAlive = true;
  #assigned = 0;
  #listening = 0;
  #nodeBackground = 0;

  constructor(cluster: Cluster, costs: Costs, stream: Stream) {
    this.#costs = costs;
    this.#stream = stream;
    this.#joinsPerS = cluster.joinsPerS;
    this.#tokens = cluster.joinsPerS;
    const count = cluster.delivery === 'direct' ? 1 : cluster.workers;
    this.workers = Array.from({ length: count }, () => new Core());
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** On their way in, waiting for the start, or listening. */
  get assigned(): number {
    return this.#assigned;
  }

  get listening(): number {
    return this.#listening;
  }

  /** Media of those who listen, as a share of each worker's core; above 1 packets are lost. */
  get mediaShare(): number {
    return (this.#listening * this.#stream.workerShare) / this.workers.length;
  }

  /** Pulses, and what Node does when nobody comes, as a share of the Node core. */
  get backgroundShare(): number {
    return this.#nodeBackground;
  }

  /** When it next admits somebody: now, or later. */
  admitsAtMs(nowMs: number): number {
    if (this.#joinsPerS === Infinity) return nowMs;
    this.#refill(nowMs);
    // A hair less than a whole token is a whole one: the sum of many refills is not exact.
    return this.#tokens > 1 - 1e-9 ? nowMs : nowMs + ((1 - this.#tokens) * 1000) / this.#joinsPerS;
  }

  admit(): void {
    this.#tokens -= 1;
    this.#assigned += 1;
  }

  /** @returns when Node is done with that much work. */
  serveNode(nowMs: number, workMs: number): number {
    return this.node.serve(nowMs, workMs, Math.max(ASSUMED.leastSpeed, 1 - this.#nodeBackground));
  }

  /** @returns when the least busy worker has made the connection. */
  serveWorker(nowMs: number, workMs: number): number {
    const worker = this.workers.reduce((best, core) => (core.backlogMs(nowMs) < best.backlogMs(nowMs) ? core : best));
    const left = Math.max(ASSUMED.leastSpeed, 1 - this.mediaShare);
    return worker.serve(nowMs, workMs, left);
  }

  startListening(): void {
    this.#listening += 1;
  }

  /** Once a second: what pulses take until then. */
  updatePulses(roomListeners: number): void {
    this.#nodeBackground = idleShare(this.#costs) + pulseShare(this.#assigned, roomListeners, this.#costs);
  }

  fail(): void {
    this.#isAlive = false;
    this.#assigned = 0;
    this.#listening = 0;
    this.#nodeBackground = 0;
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.#joinsPerS, this.#tokens + ((nowMs - this.#refilledMs) * this.#joinsPerS) / 1000);
    this.#refilledMs = nowMs;
  }
}
