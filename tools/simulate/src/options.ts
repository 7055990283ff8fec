import { parseArgs } from 'node:util';
import { z } from 'zod';
import { LAUNCH_SPAN_S, type ArrivalPlan } from '@tribune/loadtest/people/arrivals.ts';
import { DELIVERIES, type Cluster, type NodeFailure } from './model.ts';
import { MAX_NODES } from './nodesNeeded.ts';
import { UsageError } from './UsageError.ts';

const MAX_LISTENERS = 5_000_000;
const MAX_RATE = 1_000_000;
const MAX_SPAN_S = 3600;
const MAX_SEED = 0xffff_ffff;
/** The default of `JOINS_PER_S` in server/src/config.ts. */
const DEFAULT_JOINS_PER_S = 200;

export const HELP = `A crowd and a cluster on paper: what a launch would do to how many nodes, from the figures of the bench.

  npm run simulate -- [options]

  --listeners N      people who come, 1 to ${MAX_LISTENERS}                   (10000)
  --scenario launch  almost everyone within two minutes around the start (default)
  --span S           the scenario's whole length                      (${LAUNCH_SPAN_S})
  --rate N           so many per second instead
  --flash N          the last N at one moment instead
  --nodes N          machines                                         (1)
  --cores N          of each; Node has one of them                    (8)
  --workers N        media workers of each                            (cores less one)
  --delivery KIND    mix: one stream; direct: one per open microphone (mix)
  --open-mics N      speakers who are not muted                       (1)
  --rtt MS           round trip between people and nodes              (40)
  --joins-per-s N    JOINS_PER_S of each node                         (${DEFAULT_JOINS_PER_S})
  --nic-gbit N       what each node can send                          (10)
  --memory-gb N      of each node                                     (64)
  --fail NODE@S      that node dies at that second; any number of them
  --bench FILE       figures of npm run bench                         (newest of tools/bench/results)
  --seed N           of everything that is drawn                      (1)
  --json FILE        write the report there too
  --html FILE        write it as a page with charts
  --check            run load tests here and compare; takes two minutes
  --help             this text`;

export interface SimulateOptions {
  readonly listeners: number;
  readonly arrivals: ArrivalPlan;
  readonly cluster: Cluster;
  readonly seed: number;
  readonly benchFile: string | null;
}

export interface CommandLine {
  readonly options: SimulateOptions;
  readonly isCheck: boolean;
  readonly jsonFile: string | null;
  readonly htmlFile: string | null;
}

const values = z.object({
  listeners: whole(1, MAX_LISTENERS).default(10_000),
  scenario: z.literal('launch', 'has to be launch').optional(),
  span: positive(MAX_SPAN_S).optional(),
  rate: positive(MAX_RATE).optional(),
  flash: whole(1, MAX_LISTENERS).optional(),
  nodes: whole(1, MAX_NODES).default(1),
  cores: whole(2, 256).default(8),
  workers: whole(1, 256).optional(),
  delivery: z.enum(DELIVERIES, `has to be ${DELIVERIES.join(' or ')}`).default('mix'),
  'open-mics': whole(1, 50).default(1),
  rtt: whole(0, 10_000).default(40),
  'joins-per-s': whole(1, MAX_RATE).default(DEFAULT_JOINS_PER_S),
  'nic-gbit': positive(10_000).default(10),
  'memory-gb': positive(100_000).default(64),
  fail: z.array(failure()).default([]),
  bench: z.string().min(1, 'has to name a file').optional(),
  seed: whole(0, MAX_SEED).default(1),
  json: z.string().min(1, 'has to name a file').optional(),
  html: z.string().min(1, 'has to name a file').optional(),
  check: z.boolean().default(false),
});

/**
 * @param args without the names of node and script
 * @returns null when help was asked for
 * @throws {UsageError}
 */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const given = read(args);
  if (given.help) return null;
  const parsed = values.safeParse(given);
  if (!parsed.success) {
    throw new UsageError(parsed.error.issues.map(({ path, message }) => `--${String(path[0])} ${message}`).join('\n'));
  }
  const { listeners, seed, bench, check, json, html } = parsed.data;
  const options = { listeners, arrivals: arrivalsOf(parsed.data), cluster: clusterOf(parsed.data), seed };
  return {
    options: { ...options, benchFile: bench ?? null },
    isCheck: check,
    jsonFile: json ?? null,
    htmlFile: html ?? null,
  };
}

function clusterOf(given: z.output<typeof values>): Cluster {
  const { nodes, cores, fail: failures } = given;
  const missing = failures.find(({ node }) => node > nodes);
  if (missing) throw new UsageError(`--fail names node ${missing.node} of ${nodes}`);
  return {
    nodes,
    cores,
    workers: given.workers ?? cores - 1,
    delivery: given.delivery,
    openMics: given['open-mics'],
    rttMs: given.rtt,
    joinsPerS: given['joins-per-s'],
    nicGbit: given['nic-gbit'],
    memoryGb: given['memory-gb'],
    failures,
    sharedCores: null,
  };
}

function arrivalsOf({ scenario, span, rate, flash, listeners }: z.output<typeof values>): ArrivalPlan {
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

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        listeners: text,
        scenario: text,
        span: text,
        rate: text,
        flash: text,
        nodes: text,
        cores: text,
        workers: text,
        delivery: text,
        'open-mics': text,
        rtt: text,
        'joins-per-s': text,
        'nic-gbit': text,
        'memory-gb': text,
        fail: { type: 'string', multiple: true },
        bench: text,
        seed: text,
        json: text,
        html: text,
        check: flag,
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(min: number, max: number) {
  const message = `has to be a whole number from ${min} to ${max}`;
  return number(message).pipe(z.int(message).min(min, message).max(max, message));
}

function positive(max: number) {
  const message = `has to be a number above 0, at most ${max}`;
  return number(message).pipe(z.number(message).gt(0, message).max(max, message));
}

function number(message: string) {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, message)
    .transform(Number);
}

function failure() {
  return z.string().transform((text, context): NodeFailure => {
    const match = /^(\d+)@(\d+(?:\.\d+)?)$/.exec(text);
    if (match && Number(match[1]) > 0) return { node: Number(match[1]), atS: Number(match[2]) };
    context.addIssue({ code: 'custom', message: 'has to be like 3@60: node 3 at second 60' });
    return z.NEVER;
  });
}
