import type { ClusterNode } from './ClusterNode.ts';
import type { Costs } from './costs.ts';
import type { Stream } from './model.ts';

/** Whose work it is: of a node, or of a person's device. `clientMedia` is ICE, DTLS and SRTP, which are on threads of their own. */
export type Worker = 'node' | 'worker' | 'clientThread' | 'clientMedia';

/** CPU of one join, in ms. */
export interface JoinCosts {
  readonly nodeMs: number;
  readonly workerMs: number;
  readonly clientThreadMs: number;
  readonly clientMediaMs: number;
}

/** Where jobs are done, and how long they take there. */
export interface Machines {
  /** When something next ends that the one who asked waits for; `Infinity` where that is known at once. */
  readonly nextMs: number;
  advance(toMs: number): void;
  joinCosts(who: number): JoinCosts;
  /** @param onDone may be called at once, with a moment to come. */
  run(node: ClusterNode, by: Worker, fromMs: number, workMs: number, onDone: (doneMs: number) => void): void;
}

/** What a join takes of warm processes. Where the bench did not tell about clients, they take nothing. */
export function joinCostsOf(costs: Costs): JoinCosts {
  const clientMs = costs.joinClientMs ?? 0;
  const clientThreadMs = Math.min(clientMs, costs.joinClientThreadMs ?? clientMs);
  return {
    nodeMs: costs.joinNodeMs,
    workerMs: costs.joinWorkerMs,
    clientThreadMs,
    clientMediaMs: clientMs - clientThreadMs,
  };
}

/** What a lone join takes beside CPU and the wait for the next packet: timers, wake-ups, other processes such as Redis. */
export function idleMsOf(costs: Costs, { frameMs }: Stream): number {
  const { nodeMs, workerMs, clientThreadMs, clientMediaMs } = joinCostsOf(costs);
  return Math.max(0, (costs.aloneMs ?? 0) - nodeMs - workerMs - clientThreadMs - clientMediaMs - frameMs / 2);
}

/** Each node is a machine with enough cores, and so is the device of each person. */
export class OwnMachines implements Machines {
  readonly nextMs = Infinity;
  readonly #joinCosts: JoinCosts;

  constructor(costs: Costs) {
    this.#joinCosts = joinCostsOf(costs);
  }

  advance(): void {}

  joinCosts(): JoinCosts {
    return this.#joinCosts;
  }

  run(node: ClusterNode, by: Worker, fromMs: number, workMs: number, onDone: (doneMs: number) => void): void {
    switch (by) {
      case 'node':
        return onDone(node.serveNode(fromMs, workMs));
      case 'worker':
        return onDone(node.serveWorker(fromMs, workMs));
      default:
        // Nobody else is on that device.
        return onDone(fromMs + workMs);
    }
  }
}
