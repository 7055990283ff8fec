import type { Activity, ActivityOptions } from './Activity.ts';
import type { ChaosRoom, Speeches } from './ChaosRoom.ts';
import type { Cluster } from './cluster/Cluster.ts';
import type { ClusterProcess } from './cluster/ClusterProcess.ts';
import type { LossyNetwork } from './LossyNetwork.ts';
import type { RecordingStorage } from './RecordingStorage.ts';
import type { ProbeListener } from './ProbeListener.ts';

/** Nobody notices a shorter gap: a packet has 60 ms, and a jitter buffer bridges two that are late. */
export const UNNOTICED_MS = 200;
/** Within it, listeners hear again after a node is lost. */
export const BACK_MS = 8000;

/** One promise, and what was measured of it. */
export interface Outcome {
  /** Whom or what it concerns, where that is not all listeners: a part of the name. */
  readonly whom?: string;
  readonly promiseMs: number;
  /** Whether the promise holds for all, or for 95 of 100. */
  readonly holdsFor: 'all' | 'p95';
  /** Asked once everything has settled, since a silence may last until then. */
  measure(): readonly number[];
}

/** What a fault acts on. */
export interface FaultContext {
  readonly cluster: Cluster;
  /** The rooms that there are, at least one. */
  readonly rooms: readonly [ChaosRoom, ...ChaosRoom[]];
  readonly activity: Activity;
  readonly speeches: Speeches;
  /** Between the nodes, for the packets that go through it. */
  readonly network: LossyNetwork;
  /** Where rooms are recorded; null where they are not. */
  readonly storage: RecordingStorage | null;
  /** Listeners that the cluster takes. */
  readonly capacity: number;
  /** Aborted when the command is to end. */
  readonly signal: AbortSignal;
  /** Keeps a remark for whoever reads why a promise was broken. */
  note(text: string): void;
  /** @throws the reason of `signal` */
  wait(ms: number): Promise<void>;
  /** To be done before the cluster ends. */
  onEnd(work: () => Promise<unknown>): void;
}

export interface Fault {
  readonly name: string;
  /** For the table of the documentation: a sentence, or a part of one. */
  readonly title: string;
  /** Environment of the nodes, for this fault. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the nodes keep recordings. Default: nothing is recorded. */
  readonly storage?: () => Promise<RecordingStorage>;
  /** Default: the number that the command line says. */
  readonly nodes?: number;
  /** Default: 1. */
  readonly rooms?: number;
  readonly activity?: ActivityOptions;
  /** It ends processes that a node has started, so that their end is none of the node's faults. */
  readonly endsChildren?: boolean;
  /** It cannot be brought about by a user who is not root. */
  readonly needsRoot?: boolean;
  /** Brings the fault about, and waits until it is over. @throws {Error} when it could not be brought about, or a promise cannot be measured in ms */
  run(context: FaultContext): Promise<readonly Outcome[]>;
}

/** The longest silence of these listeners. */
export function gaps(
  probes: readonly ProbeListener[],
  promiseMs: number,
  holdsFor: Outcome['holdsFor'],
  whom?: string,
): Outcome {
  return {
    ...(whom === undefined ? {} : { whom }),
    promiseMs,
    holdsFor,
    measure: () => probes.map(({ gapMs }) => gapMs),
  };
}

/** The home of the first room, and another node that runs. @throws {Error} when there is none */
export async function homeAndOther({ cluster, rooms }: FaultContext): Promise<[ClusterProcess, ClusterProcess]> {
  const home = await cluster.homeOf(rooms[0].id);
  const other = cluster.nodes.find((node) => node !== home && node.state === 'running');
  if (!home || !other) throw new Error('The room has no home, or there is no other node');
  return [home, other];
}
