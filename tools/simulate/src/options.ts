import { defineCommand, oneOf, positive, text, UsageError, whole, type ValuesOf } from '@tribune/cli';
import { LAUNCH_SPAN_S, type ArrivalPlan } from '@tribune/loadtest/people/arrivals.ts';
import { HTTP_PLANES } from '@tribune/loadtest/players/Player.ts';
import { DELIVERIES, type Cluster, type NodeFailure } from './model.ts';
import { MAX_NODES } from './nodesNeeded.ts';

const MAX_LISTENERS = 10_000_000;
const MAX_RATE = 1_000_000;
const MAX_CDN_PLACES = 10_000;
const MAX_LEAVE_PCT = 1000;
const MAX_SPAN_S = 3600;
const MAX_SEED = 0xffff_ffff;
/** The default of `JOINS_PER_S` in server/src/config.ts. */
const DEFAULT_JOINS_PER_S = 200;

export const COMMAND = defineCommand({
  name: 'npm run simulate --',
  description:
    'A model of an audience that arrives at a cluster: what a launch does to how many nodes, from the figures of the bench.',
  options: {
    listeners: { value: 'N', parse: whole(1, MAX_LISTENERS), default: 10_000, help: 'people who come' },
    scenario: {
      value: 'NAME',
      parse: oneOf(['launch']),
      help: 'launch: almost everyone within two minutes around the start; this is what happens unless --rate or --flash is given',
    },
    span: {
      value: 'S',
      parse: positive(MAX_SPAN_S),
      help: `the whole length of the scenario in seconds (default: ${LAUNCH_SPAN_S})`,
    },
    rate: { value: 'N', parse: positive(MAX_RATE), help: 'so many people per second instead' },
    flash: { value: 'N', parse: whole(1, MAX_LISTENERS), help: 'the last N at one moment instead' },
    nodes: { value: 'N', parse: whole(1, MAX_NODES), default: 1, help: 'machines' },
    cores: { value: 'N', parse: whole(2, 256), default: 8, help: 'cores of each machine; Node has one of them' },
    workers: { value: 'N', parse: whole(1, 256), help: 'media workers of each machine (default: cores less one)' },
    delivery: {
      value: 'KIND',
      parse: oneOf(DELIVERIES),
      default: 'mix',
      help: 'mix: one stream; direct: one per open microphone',
    },
    plane: {
      value: 'PLANE',
      parse: oneOf(['webrtc', ...HTTP_PLANES]),
      default: 'webrtc',
      help: 'how they hear; over HTTP (stream or hls), everyone is taken to be in already',
    },
    cdn: {
      value: 'N',
      parse: whole(1, MAX_CDN_PLACES),
      help: 'a CDN for --plane hls, of which so many places ask the nodes (default: caches with nginx)',
    },
    openMics: { value: 'N', parse: whole(1, 50), default: 1, help: 'speakers who are not muted' },
    rtt: { value: 'MS', parse: whole(0, 10_000), default: 40, help: 'round trip between people and nodes' },
    joinsPerS: {
      value: 'N',
      parse: whole(1, MAX_RATE),
      default: DEFAULT_JOINS_PER_S,
      help: 'JOINS_PER_S of each node',
    },
    capacity: {
      value: 'N',
      parse: whole(1, MAX_LISTENERS),
      help: 'NODE_CAPACITY of each node; the others wait in a queue (default: none is ever full)',
    },
    leave: {
      value: 'PCT',
      parse: positive(MAX_LEAVE_PCT),
      help: 'percent of the listeners who leave in each minute, for a queue that moves (default: nobody leaves)',
    },
    nicGbit: { value: 'N', parse: positive(10_000), default: 10, help: 'what each node can send' },
    memoryGb: { value: 'N', parse: positive(100_000), default: 64, help: 'memory of each node' },
    fail: {
      value: 'NODE@S',
      parse: failure,
      repeatable: true,
      help: 'that node dies at that second; may be given several times',
    },
    bench: {
      value: 'FILE',
      parse: text(),
      help: 'figures of npm run bench (default: newest of tools/bench/results)',
    },
    seed: { value: 'N', parse: whole(0, MAX_SEED), default: 1, help: 'of everything that is drawn' },
    json: { value: 'FILE', parse: text(), help: 'writes the report there too' },
    html: { value: 'FILE', parse: text(), help: 'writes it as a page with charts' },
    check: { help: 'runs load tests here and compares; takes two minutes' },
  },
});

type Values = ValuesOf<typeof COMMAND>;

export interface SimulateOptions {
  readonly listeners: number;
  readonly arrivals: ArrivalPlan;
  readonly cluster: Cluster;
  readonly seed: number;
  readonly benchFile: string | null;
}

/** @throws {UsageError} when the options contradict each other */
export function simulateOptionsOf(values: Values): SimulateOptions {
  const { listeners, seed, bench } = values;
  const [arrivals, cluster] = [arrivalsOf(values), clusterOf(values)];
  return { listeners, arrivals, cluster, seed, benchFile: bench ?? null };
}

function clusterOf(given: Values): Cluster {
  const { nodes, cores, fail: failures } = given;
  const missing = failures.find(({ node }) => node > nodes);
  if (missing) throw new UsageError(`--fail names node ${missing.node} of ${nodes}`);
  return {
    nodes,
    cores,
    workers: given.workers ?? cores - 1,
    delivery: given.delivery,
    openMics: given.openMics,
    rttMs: given.rtt,
    joinsPerS: given.joinsPerS,
    capacity: given.capacity ?? Infinity,
    leavePct: given.leave ?? 0,
    nicGbit: given.nicGbit,
    memoryGb: given.memoryGb,
    failures,
    sharedCores: null,
  };
}

function arrivalsOf({ scenario, span, rate, flash, listeners }: Values): ArrivalPlan {
  const ways = Object.entries({ scenario, rate, flash }).filter(([, value]) => value !== undefined);
  if (ways.length > 1)
    throw new UsageError(`${ways.map(([name]) => `--${name}`).join(' and ')} cannot be used together`);
  if (span !== undefined && (rate ?? flash) !== undefined) throw new UsageError('--span is for --scenario');
  if (flash !== undefined && flash > listeners) throw new UsageError('--flash has to be at most --listeners');
  const spacing = 'poisson';
  if (rate !== undefined) return { kind: 'rate', points: [{ atS: 0, perSecond: rate }], spacing };
  if (flash !== undefined) return { kind: 'flash', count: flash, perSecond: 20, spacing };
  return { kind: 'launch', spanS: span ?? LAUNCH_SPAN_S };
}

/** `3@60`: node 3 at second 60. */
function failure(given: string): NodeFailure {
  const match = /^(\d+)@(\d+(?:\.\d+)?)$/.exec(given);
  if (match && Number(match[1]) > 0) return { node: Number(match[1]), atS: Number(match[2]) };
  throw new UsageError('has to be like 3@60: node 3 at second 60');
}
