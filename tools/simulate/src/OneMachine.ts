import type { ClusterNode } from './ClusterNode.ts';
import type { Costs } from './costs.ts';
import { joinCostsOf, type JoinCosts, type Machines, type Worker } from './Machines.ts';
import { pulsePeriodMs, type Stream } from './model.ts';
import { broadcastMs } from './costs.ts';
import { SharedCores } from './SharedCores.ts';

const SECOND_MS = 1000;
/** Into pieces of this length the steady work of Node is cut. */
const PIECE_MS = 100;

/** Two more than serve people: they work whoever listens. */
type Process = Worker | 'stage' | 'mixer';

/**
 * A node and a load test on the cores of one machine, as `--check` runs them: processes that were just started, media
 * as the bursts that a mix is, pulses, readings of `/metrics` once a second, and what Node does when nobody comes.
 */
export class OneMachine implements Machines {
  readonly #costs: Costs;
  readonly #cores: SharedCores<Process>;
  readonly #node: ClusterNode;
  readonly #warm: JoinCosts;
  readonly #cold: JoinCosts;
  readonly #periodic: { atMs: number; readonly periodMs: () => number; readonly begin: (atMs: number) => void }[];

  constructor(cores: number, costs: Costs, stream: Stream, node: ClusterNode) {
    this.#costs = costs;
    this.#cores = new SharedCores(cores);
    this.#node = node;
    this.#warm = joinCostsOf(costs);
    this.#cold = coldCostsOf(costs);
    const { nodeMsPerSecond = 0, scrapeNodeMs = 0 } = costs.background ?? {};
    this.#periodic = [
      { atMs: 0, periodMs: () => stream.frameMs, begin: (atMs) => this.#sendFrame(atMs, stream) },
      { atMs: SECOND_MS, periodMs: () => pulsePeriodMs(node.listening), begin: (atMs) => this.#pulse(atMs) },
      { atMs: 0, periodMs: () => SECOND_MS, begin: (atMs) => this.#add(atMs, 'node', scrapeNodeMs) },
      {
        atMs: 0,
        periodMs: () => PIECE_MS,
        begin: (atMs) => this.#add(atMs, 'node', (nodeMsPerSecond * PIECE_MS) / SECOND_MS),
      },
    ];
  }

  get nextMs(): number {
    return Math.min(this.#cores.nextMs, ...this.#periodic.map(({ atMs }) => atMs));
  }

  /** CPU taken so far by processes that are a part of the server. */
  get usedMs(): { readonly node: number; readonly workers: number } {
    const of = (process: Process) => this.#cores.usedMs(process);
    return { node: of('node'), workers: of('worker') + of('stage') };
  }

  advance(toMs: number): void {
    for (const periodic of this.#periodic) {
      for (; periodic.atMs <= toMs; periodic.atMs += periodic.periodMs()) periodic.begin(periodic.atMs);
    }
    this.#cores.advance(toMs);
  }

  joinCosts(who: number): JoinCosts {
    return who < (this.#costs.cold?.joins ?? 0) ? this.#cold : this.#warm;
  }

  run(_node: ClusterNode, by: Worker, fromMs: number, workMs: number, onDone: (doneMs: number) => void): void {
    this.#cores.add(fromMs, by, workMs, onDone);
  }

  #add(atMs: number, process: Process, workMs: number): void {
    if (workMs > 0) this.#cores.add(atMs, process, workMs);
  }

  #sendFrame(atMs: number, { frameMs, workerShare, packetsPerSecond }: Stream): void {
    const { stageMsPerSecond, mixerMsPerSecond, clientUsPerPacket } = this.#costs;
    const { listening } = this.#node;
    this.#add(atMs, 'stage', ((stageMsPerSecond ?? 0) * frameMs) / SECOND_MS);
    this.#add(atMs, 'mixer', ((mixerMsPerSecond ?? 0) * frameMs) / SECOND_MS);
    this.#add(atMs, 'worker', listening * workerShare * frameMs);
    const packets = (listening * packetsPerSecond * frameMs) / SECOND_MS;
    this.#add(atMs, 'clientThread', (packets * (clientUsPerPacket ?? 0)) / 1000);
  }

  #pulse(atMs: number): void {
    if (this.#node.assigned > 0) this.#add(atMs, 'node', broadcastMs(this.#costs, this.#node.assigned));
  }
}

/** In the client, what is more than later is put down to JavaScript, which has to be compiled. */
function coldCostsOf(costs: Costs): JoinCosts {
  const warm = joinCostsOf(costs);
  const { cold } = costs;
  if (!cold) return warm;
  const clientThreadMs = Math.max(warm.clientThreadMs, cold.clientMs - warm.clientMediaMs);
  return {
    ...warm,
    workerMs: Math.max(warm.workerMs, cold.workerMs),
    nodeMs: Math.max(warm.nodeMs, cold.nodeMs),
    clientThreadMs,
  };
}
