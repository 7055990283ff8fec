import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { LIMITS } from '@tribune/shared/domain.ts';
import { z } from 'zod';
import { parseAssertion, type Assertion } from './assertions.ts';
import { LAUNCH_SPAN_S, type ArrivalPlan, type RatePoint } from './arrivals.ts';

const MAX_LISTENERS = 5000;
const MAX_RATE = 1000;
const MAX_DURATION_S = 3600;
const DEFAULT_LISTENERS = 50;
const DEFAULT_RATE = 20;
const MAX_PROCESSES = 64;
const MAX_BROWSERS = 20;
const MAX_SEED = 0xffff_ffff;

export const HELP = `Simulated listeners for a Tribune server: real tickets, sockets, ICE, DTLS and SRTP.

  npm run loadtest -- [options]

  --url URL            the server                                    (http://localhost:3000)
  --listeners N        people who listen, 1 to ${MAX_LISTENERS}                  (50)
  --speakers N         people who speak, the host included, 1 to ${LIMITS.maxSpeakers}  (1)
  --open-mics N        speakers who are not muted                    (all)
  --rate N             listeners who arrive per second, on average   (20)
  --even               arrive like a clock, and not at random
  --ramp S:N,S:N,…     from second S on, N per second; linear between
  --flash N            the last N at one moment
  --scenario launch    almost everyone within two minutes around the start, before which they wait
  --span S             the scenario's whole length                   (${LAUNCH_SPAN_S})
  --seed N             repeats the arrivals of a run                 (drawn)
  --processes N        processes that run listeners                  (one per core less one)
  --browsers N         listeners in Chromium beside them, 0 to ${MAX_BROWSERS}        (0)
  --duration S         seconds measured once everyone is in          (10)
  --assert CONDITION   such as "ttfaMs.p95<1500"; any number of them
  --json FILE          write the report there too
  --html FILE          write it as a page with charts
  --i-own-this-host    allow a server that is not on this machine
  --help               this text

Creates a room, goes live, lets speakers say recorded speech, listeners arrive, and counts what they receive.
Exit code: 0 when every listener joined and heard the speakers, 1 when any did not
or an --assert does not hold, 2 for wrong options, 130 after Ctrl-C.`;

export interface LoadTestOptions {
  /** Origin of the server. */
  readonly url: string;
  readonly listeners: number;
  /** The host included. */
  readonly speakers: number;
  /** Speakers who are not muted, the host first. */
  readonly openMics: number;
  /** Arrivals per second, where `arrivals` has a steady rate. */
  readonly rate: number;
  readonly arrivals: ArrivalPlan;
  /** Of the arrivals. */
  readonly seed: number;
  /** Those that run listeners; the speakers are in one more. */
  readonly processes: number;
  /** Listeners in real browsers, beside the others. */
  readonly browsers: number;
  /** Length of the steady window in seconds, from when everyone is in. */
  readonly durationS: number;
  /** The caller vouches for a host that is not this machine. */
  readonly ownHost: boolean;
}

export interface CommandLine {
  readonly options: LoadTestOptions;
  readonly assertions: readonly Assertion[];
  readonly jsonFile: string | null;
  readonly htmlFile: string | null;
}

/** What is wrong with the command line, in words for whoever typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const values = z.object({
  url: z
    .url({ protocol: /^https?$/, error: 'has to be an http or https URL' })
    .transform((url) => new URL(url).origin)
    .default('http://localhost:3000'),
  listeners: whole(1, MAX_LISTENERS).optional(),
  speakers: whole(1, LIMITS.maxSpeakers).default(1),
  'open-mics': whole(1, LIMITS.maxSpeakers).optional(),
  rate: positive(MAX_RATE).optional(),
  even: z.boolean().default(false),
  ramp: ramp().optional(),
  flash: whole(1, MAX_LISTENERS).optional(),
  scenario: z.literal('launch', 'has to be launch').optional(),
  span: positive(MAX_DURATION_S).optional(),
  seed: whole(0, MAX_SEED).optional(),
  processes: whole(1, MAX_PROCESSES).default(Math.max(1, availableParallelism() - 1)),
  browsers: whole(0, MAX_BROWSERS).default(0),
  duration: positive(MAX_DURATION_S).default(10),
  assert: z.array(assertion()).default([]),
  json: z.string().min(1, 'has to name a file').optional(),
  html: z.string().min(1, 'has to name a file').optional(),
  'i-own-this-host': z.boolean().default(false),
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
    const faults = parsed.error.issues.map(({ path, message }) => `--${String(path[0])} ${message}`);
    throw new UsageError(faults.join('\n'));
  }
  const { assert: assertions, json, html } = parsed.data;
  return { options: optionsOf(parsed.data), assertions, jsonFile: json ?? null, htmlFile: html ?? null };
}

function optionsOf(given: z.output<typeof values>): LoadTestOptions {
  const { url, speakers, flash, duration } = given;
  const listeners = given.listeners ?? flash ?? DEFAULT_LISTENERS;
  const openMics = given['open-mics'] ?? speakers;
  if (openMics > speakers) throw new UsageError('--open-mics has to be at most the number of --speakers');
  if (flash !== undefined && flash > listeners) throw new UsageError('--flash has to be at most --listeners');
  return {
    url,
    listeners,
    speakers,
    openMics,
    rate: given.rate ?? DEFAULT_RATE,
    arrivals: arrivalsOf(given),
    seed: given.seed ?? randomInt(MAX_SEED),
    processes: given.processes,
    browsers: given.browsers,
    durationS: duration,
    ownHost: given['i-own-this-host'],
  };
}

function arrivalsOf(given: z.output<typeof values>): ArrivalPlan {
  const { rate, even, flash, scenario } = given;
  const ways = { ramp: given.ramp, flash, scenario };
  const named = Object.entries(ways).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if (named.length > 1) throw new UsageError(`${named.join(' and ')} cannot be used together`);
  if (rate !== undefined && (given.ramp || scenario)) throw new UsageError(`${named.join()} has its own --rate`);
  if (given.span !== undefined && !scenario) throw new UsageError('--span is for --scenario');
  if (even && scenario) throw new UsageError('--even is not for --scenario');
  const spacing = even ? 'even' : 'poisson';
  const perSecond = rate ?? DEFAULT_RATE;
  if (scenario) return { kind: 'launch', spanS: given.span ?? LAUNCH_SPAN_S };
  if (flash !== undefined) return { kind: 'flash', count: flash, perSecond, spacing };
  return { kind: 'rate', points: given.ramp ?? [{ atS: 0, perSecond }], spacing };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        url: { type: 'string' },
        listeners: { type: 'string' },
        speakers: { type: 'string' },
        'open-mics': { type: 'string' },
        rate: { type: 'string' },
        even: { type: 'boolean' },
        ramp: { type: 'string' },
        flash: { type: 'string' },
        scenario: { type: 'string' },
        span: { type: 'string' },
        seed: { type: 'string' },
        processes: { type: 'string' },
        browsers: { type: 'string' },
        duration: { type: 'string' },
        assert: { type: 'string', multiple: true },
        json: { type: 'string' },
        html: { type: 'string' },
        'i-own-this-host': { type: 'boolean' },
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

function assertion() {
  return z.string().transform((text, context) => {
    try {
      return parseAssertion(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

/** `0:50,30:400`: seconds ascending, and an end that lets people in. */
function ramp() {
  const message = `has to be like 0:50,30:400, seconds ascending from 0, rates up to ${MAX_RATE}, the last above 0`;
  return z.string().transform((text, context): readonly RatePoint[] => {
    const pairs = text.split(',').map((pair) => /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(pair.trim()));
    const points = pairs.map((match) => ({ atS: Number(match?.[1]), perSecond: Number(match?.[2]) }));
    const isRising = points.every(({ atS }, index) => atS > (points[index - 1]?.atS ?? -1) && atS <= MAX_DURATION_S);
    const isRate = points.every(({ perSecond }) => perSecond <= MAX_RATE) && points.at(-1)!.perSecond > 0;
    if (isRising && isRate && points[0]!.atS === 0) return points;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** Digits as people write them: no hexadecimal, and no empty text that counts as 0. */
function number(message: string) {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, message)
    .transform(Number);
}
