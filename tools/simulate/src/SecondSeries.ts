import type { ClusterNode } from './ClusterNode.ts';
import type { Stream } from './model.ts';
import type { Counts } from './People.ts';

/** How it was at the end of one second; shares are of one core, averages over the nodes that are up. */
export interface Second extends Counts {
  readonly s: number;
  readonly refused: number;
  /** Longest time that a new job would wait for a Node core. */
  readonly queueMs: number;
  readonly nodeShare: number;
  readonly nodeShareMax: number;
  readonly workerShare: number;
  readonly workerShareMax: number;
  readonly gbitMax: number;
  readonly listenersMax: number;
  readonly lossPct: number;
}

interface Snapshot {
  readonly second: Omit<Second, 'nodeShare' | 'nodeShareMax' | 'workerShare' | 'workerShareMax'>;
  readonly background: readonly { readonly isAlive: boolean; readonly pulses: number; readonly media: number }[];
}

/** Collects what can be seen each second; what jobs took of it is known at the end only. */
export class SecondSeries {
  readonly #snapshots: Snapshot[] = [];
  #refusals = 0;

  add(nowMs: number, counts: Counts, refusals: number, nodes: readonly ClusterNode[], stream: Stream): void {
    const alive = nodes.filter(({ isAlive }) => isAlive);
    const listenersMax = Math.max(0, ...alive.map(({ listening }) => listening));
    const lost = alive.reduce((sum, { listening, mediaShare }) => sum + listening * lossOf(mediaShare), 0);
    this.#snapshots.push({
      second: {
        ...counts,
        s: Math.ceil(nowMs / 1000),
        refused: refusals - this.#refusals,
        queueMs: Math.max(0, ...alive.map(({ node }) => node.backlogMs(nowMs))),
        gbitMax: (listenersMax * stream.bitsPerSecond) / 1e9,
        listenersMax,
        lossPct: counts.listening === 0 ? 0 : (100 * lost) / counts.listening,
      },
      background: nodes.map((node) => ({
        isAlive: node.isAlive,
        pulses: node.backgroundShare,
        media: node.mediaShare,
      })),
    });
    this.#refusals = refusals;
  }

  finish(nodes: readonly ClusterNode[]): Second[] {
    return this.#snapshots.map(({ second, background }) => {
      const at = second.s - 1;
      const alive = nodes.map((node, index) => ({ node, ...background[index]! })).filter(({ isAlive }) => isAlive);
      const nodeShares = alive.map(({ node, pulses }) => Math.min(1, node.node.utilisation(at) + pulses));
      const workerShares = alive.map(
        ({ node, media }) => media + mean(node.workers.map((core) => core.utilisation(at))),
      );
      return {
        ...second,
        nodeShare: mean(nodeShares),
        nodeShareMax: Math.max(0, ...nodeShares),
        workerShare: mean(workerShares),
        workerShareMax: Math.max(0, ...workerShares),
      };
    });
  }
}

/** Of a worker that is offered more than its core, as many packets are lost as do not fit. */
function lossOf(mediaShare: number): number {
  return mediaShare <= 1 ? 0 : 1 - 1 / mediaShare;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
