import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Activity, ANSWER_MS } from './Activity.ts';
import { ChaosRoom, type Speeches } from './ChaosRoom.ts';
import { Cluster } from './cluster/Cluster.ts';
import type { Fault, FaultContext, Outcome } from './Fault.ts';
import { LossyNetwork } from './LossyNetwork.ts';
import type { RecordingStorage } from './RecordingStorage.ts';
import { watchChildren } from './processes.ts';
import { settle } from './settle.ts';
import { summarizeLog } from './summarizeLog.ts';

const GUESTS = 4;
/** People act for so long before a fault. */
const WARM_UP_MS = 2000;
const DRAIN_S = '10';
/** What the results of `Activity` are called. */
export const REQUESTS = 'requests meanwhile';
/** Whatever hangs, the next fault has its turn. */
const FAULT_LIMIT_MS = 300_000;

export interface FaultOptions {
  readonly speeches: Speeches;
  readonly nodes: number;
  readonly listeners: number;
  readonly port: number;
}

/** What one run of a fault showed of one promise. */
export interface RunResult {
  readonly fault: string;
  readonly title: string;
  /** Null where the fault could not be brought about. */
  readonly promiseMs: number | null;
  readonly holdsFor: Outcome['holdsFor'];
  /** The longest time without sound, or what the promise is of, over those whom it concerns; null where it could not be measured. */
  readonly gapP95Ms: number | null;
  readonly gapMaxMs: number | null;
  readonly kept: boolean;
  /** Why the promise was not kept, where the figures do not say it. */
  readonly error: string | null;
}

export interface FaultRun {
  readonly results: readonly RunResult[];
  /** What helps to find out why a promise was broken: the warnings of the nodes, by node. */
  readonly notes: readonly string[];
}

/**
 * Brings a fault about in a cluster of its own, so that it does not pay for the one before. Everything has ended when it returns.
 * @throws the reason of `signal`
 */
export async function runFault(fault: Fault, options: FaultOptions, signal: AbortSignal): Promise<FaultRun> {
  const nodes = fault.nodes ?? options.nodes;
  const listenersPerRoom = Math.max(3, Math.ceil(options.listeners / (fault.rooms ?? 1)));
  // The people of a node that is lost have to fit on the others.
  const capacity = Math.ceil(((options.listeners + GUESTS) * 2) / nodes);
  const common = {
    NODE_CAPACITY: String(capacity),
    DRAIN_S,
    ...{ ROOMS_PER_ADDRESS_PER_HOUR: '1000', PEOPLE_PER_ADDRESS: '100000', PER_ADDRESS_SHARE: '1' },
    ...fault.env,
  };
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const storage = (await fault.storage?.()) ?? null;
    if (storage) closing.unshift(async () => storage.close());
    const env = { ...common, ...storage?.env };
    const cluster = await Cluster.create({ nodes, port: options.port, env }, signal);
    closing.unshift(async () => cluster.close());
    const limit = AbortSignal.any([signal, AbortSignal.timeout(FAULT_LIMIT_MS)]);
    const { speeches } = options;
    const run = fillRooms(fault, cluster, { speeches, listeners: listenersPerRoom }, closing).then(async (parts) =>
      measure(fault, { ...parts, speeches, cluster, storage, capacity: capacity * nodes, signal: limit, closing }),
    );
    return await Promise.race([run, aborted(limit)]);
  } catch (error) {
    signal.throwIfAborted();
    return { results: [toFailure(fault, error)], notes: [] };
  } finally {
    for (const close of closing) await close().catch(() => undefined);
  }
}

async function fillRooms(
  fault: Fault,
  { origin }: Cluster,
  { speeches, listeners }: Pick<FaultOptions, 'speeches' | 'listeners'>,
  closing: (() => Promise<unknown>)[],
): Promise<Pick<Parts, 'rooms' | 'network'>> {
  const network = new LossyNetwork();
  closing.unshift(async () => network.close());
  const rooms: ChaosRoom[] = [];
  closing.unshift(async () => Promise.all(rooms.map(async (room) => room.close())));
  for (let index = 0; index < (fault.rooms ?? 1); index++) {
    const isFirst = index === 0;
    const guests = isFirst ? GUESTS : 0;
    rooms.push(await ChaosRoom.create({ origin, speeches, listeners, guests, hasSpeaker: isFirst }));
  }
  return { network, rooms };
}

/** @throws the reason of `signal`, once it is aborted */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

interface Parts {
  readonly cluster: Cluster;
  readonly storage: RecordingStorage | null;
  readonly network: LossyNetwork;
  readonly rooms: readonly ChaosRoom[];
  readonly speeches: Speeches;
  readonly capacity: number;
  readonly signal: AbortSignal;
  readonly closing: (() => Promise<unknown>)[];
}

async function measure(fault: Fault, { closing, rooms, ...parts }: Parts): Promise<FaultRun> {
  const { cluster, signal } = parts;
  const notes: string[] = [];
  const wait = async (ms: number) => sleep(ms, undefined, { signal });
  const room = rooms[0]!;
  await settle(cluster, room);
  const findEnded = await watchChildren(cluster.nodes);
  const activity = new Activity(cluster, room, fault.activity);
  closing.unshift(async () => activity.stop());
  const probes = rooms.flatMap((each) => each.probes);
  for (const probe of probes) probe.begin();
  await wait(WARM_UP_MS);
  // What the machine does by itself, beside a promise of 200 ms.
  notes.push(`before the fault: ${Math.round(Math.max(...probes.map(({ gapMs }) => gapMs)))} ms without sound`);
  for (const probe of probes) probe.begin();
  const ownDelay = monitorEventLoopDelay({ resolution: 10 });
  ownDelay.enable();
  const context: FaultContext = {
    ...parts,
    rooms: rooms as FaultContext['rooms'],
    activity,
    wait,
    note: (text) => notes.push(text),
    onEnd: (work) => closing.unshift(work),
  };
  let outcomes: readonly Outcome[] = [];
  let problem: string | null = null;
  try {
    outcomes = await fault.run(context);
    await activity.stop();
    await settle(cluster, room);
  } catch (error) {
    signal.throwIfAborted();
    problem = messageOf(error);
  }
  await activity.stop();
  const crashes = cluster.nodes.flatMap((node) => node.crashes);
  const ended = fault.endsChildren ? [] : await findEnded();
  const failures = rooms.flatMap((each) => each.failures);
  problem = [...crashes, ...ended, ...failures][0] ?? problem;
  const results = outcomes.map((outcome) => toResult(fault, outcome, problem));
  if (outcomes.length === 0) results.push(toFailure(fault, problem));
  results.push(toResult(fault, answersOf(activity), activity.problems[0] ?? null));
  ownDelay.disable();
  notes.push(`the listeners' own process was late by up to ${Math.round(ownDelay.max / 1e6)} ms`);
  notes.push(`answers: ${activity.summary}`);
  for (const { id, log } of cluster.nodes) notes.push(...summarizeLog(log).map((line) => `${id}: ${line}`));
  return { results, notes };
}

function answersOf({ answerMs }: Activity): Outcome {
  return { whom: REQUESTS, promiseMs: ANSWER_MS, holdsFor: 'all', measure: () => answerMs };
}

function toResult(fault: Fault, { whom, promiseMs, holdsFor, measure }: Outcome, error: string | null): RunResult {
  const values = measure()
    .map((value) => Math.round(value))
    .toSorted((a, b) => a - b);
  const gapP95Ms = values[Math.ceil(values.length * 0.95) - 1] ?? null;
  const gapMaxMs = values.at(-1) ?? null;
  const gapMs = holdsFor === 'all' ? gapMaxMs : gapP95Ms;
  return {
    fault: whom === undefined ? fault.name : `${fault.name}, ${whom}`,
    title: whom === undefined ? fault.title : `… ${whom}`,
    promiseMs,
    holdsFor,
    gapP95Ms,
    gapMaxMs,
    kept: gapMs !== null && gapMs <= promiseMs && !error,
    error: gapMs === null ? 'The promise concerned nobody' : error,
  };
}

function toFailure({ name, title }: Fault, error: unknown): RunResult {
  return {
    ...{ fault: name, title, promiseMs: null, holdsFor: 'all', gapP95Ms: null, gapMaxMs: null, kept: false },
    error: messageOf(error),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
