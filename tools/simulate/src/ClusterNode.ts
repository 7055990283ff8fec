import { Core } from './Core.ts';
import type { Costs } from './costs.ts';
import { ASSUMED, idleShare, pulseShare, type Cluster, type Stream } from './model.ts';

/** One machine of the cluster: a core for Node, and the media workers. */
export class ClusterNode {
  readonly node = new Core();
  readonly workers: readonly Core[];
  readonly #costs: Costs;
  readonly #stream: Stream;
  #isAlive = true;
  #assigned = 0;
  #listening = 0;
  #nodeBackground = 0;

  constructor(cluster: Cluster, costs: Costs, stream: Stream) {
    this.#costs = costs;
    this.#stream = stream;
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

  /** A person has a ticket for it. */
  assign(): void {
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

  stopListening(): void {
    this.#listening -= 1;
    this.#assigned -= 1;
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
}
