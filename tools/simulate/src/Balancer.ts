import type { Random } from '@tribune/loadtest/random.ts';
import type { ClusterNode } from './ClusterNode.ts';
import { ASSUMED } from './model.ts';

/** Gives people to nodes: to the one with the fewest among those that admit now. */
export class Balancer {
  readonly #nodes: readonly ClusterNode[];
  readonly #failedAtMs: number[] = [];
  #closedUntilMs = 0;
  #peakPerNode = 0;

  constructor(nodes: readonly ClusterNode[]) {
    this.#nodes = nodes;
  }

  /** Most people that a node had at any time. */
  get peakPerNode(): number {
    return this.#peakPerNode;
  }

  get hasNodes(): boolean {
    return this.#nodes.some(({ isAlive }) => isAlive);
  }

  /** For the seconds after a failure the balancer does not know of it, and sends its share of people there. */
  isSentToTheDead(nowMs: number, random: Random): boolean {
    const unnoticed = this.#failedAtMs.filter((atMs) => nowMs < atMs + ASSUMED.detectMs).length;
    return unnoticed > 0 && random() < unnoticed / this.#nodes.length;
  }

  /** @returns the index of the node that admits one more now; null when none does. */
  admit(nowMs: number): number | null {
    if (nowMs < this.#closedUntilMs) return null;
    let best: number | null = null;
    let admitsAtMs = Infinity;
    for (const [index, node] of this.#nodes.entries()) {
      if (!node.isAlive) continue;
      const atMs = node.admitsAtMs(nowMs);
      admitsAtMs = Math.min(admitsAtMs, atMs);
      if (atMs > nowMs) continue;
      if (best === null || node.assigned < this.#nodes[best]!.assigned) best = index;
    }
    if (best === null) {
      this.#closedUntilMs = admitsAtMs;
      return null;
    }
    this.#nodes[best]!.admit();
    this.#peakPerNode = Math.max(this.#peakPerNode, this.#nodes[best]!.assigned);
    return best;
  }

  /** The node that answers the next refusal: each in turn. */
  refuser(refusals: number): ClusterNode {
    const alive = this.#nodes.filter(({ isAlive }) => isAlive);
    return alive[refusals % alive.length]!;
  }

  noteFailure(nowMs: number): void {
    this.#failedAtMs.push(nowMs);
    this.#closedUntilMs = 0;
  }
}
