import { randomBytes, randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { LIMITS } from '@tribune/shared/domain.ts';
import { z } from 'zod';
import type { BehaviourPlan } from './people/behaviour.ts';
import { parseAssertion, type Assertion } from './report/assertions.ts';
import type { KindPlan } from './people/kinds.ts';
import { LAUNCH_SPAN_S, type ArrivalPlan, type RatePoint } from './people/arrivals.ts';

const MAX_LISTENERS = 5000;
const MAX_RATE = 1000;
const MAX_DURATION_S = 3600;
const DEFAULT_LISTENERS = 50;
const DEFAULT_RATE = 20;
const MAX_PROCESSES = 64;
const MAX_PORT = 65_535;
const MIN_KEY_LENGTH = 16;
const MAX_BROWSERS = 20;
const MAX_SEED = 0xffff_ffff;
const DEFAULT_FULL_SHARE = 0.1;
const DEFAULT_FULL_MAX = 20;
/** Everyone, ten times a minute. */
const MAX_CHURN_PCT = 1000;
const MAX_ACTS_PER_S = 1000;
const MAX_DELAY_MS = 5000;
const MAX_RATE_KBPS = 1_000_000;

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
  --full N             listeners who decrypt and check every packet  (a tenth, 1 to ${DEFAULT_FULL_MAX})
  --slow GROUP         a share behind a poor network, such as
                       "10%:loss=2%,delay=80,jitter=30,rate=64" (ms, kbit/s)
  --processes N        processes that run listeners                  (one per core less one)
  --coordinate PORT    let other machines join, on this port, with
                       npm run loadtest -- --join HOST:PORT --key KEY
  --machines N         so many, before it begins                     (1)
  --key KEY            what they have to know; or LOADTEST_KEY       (drawn)
  --browsers N         listeners in Chromium beside them, 0 to ${MAX_BROWSERS}        (0)
  --duration S         seconds measured once everyone is in          (10)
  --hold S             seconds that everyone stays once all are in, the last of
                       them measured                                 (--duration)
  --churn PCT          percent of the listeners who leave in each minute
                       meanwhile, and come back
  --reconnects PCT     percent whose connection is cut in each minute
  --reactions N        reactions per second, of all listeners together
  --hands N            hands raised per minute, and lowered
  --mute-every S       speakers are muted in turn, and unmuted
  --calibrate          measure what a process of the load test itself takes, and
                       nothing else
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
  /** Those of them who decrypt and check every packet. */
  readonly full: number;
  /** Who is behind a poor network, and behind which. */
  readonly slow: KindPlan['slow'];
  /** Of the arrivals, and of what is drawn about listeners. */
  readonly seed: number;
  /** Those that run listeners; the speakers are in one more. */
  readonly processes: number;
  /** Where other machines join, how many, and what they have to know; null for a run of this machine alone. */
  readonly coordinate: { readonly port: number; readonly machines: number } | null;
  /** Listeners in real browsers, beside the others. */
  readonly browsers: number;
  /** Length of the steady window in seconds, from when everyone is in. */
  readonly durationS: number;
  /** How long everyone stays once all are in; the steady window is the end of it. */
  readonly holdS: number;
  /** What listeners do meanwhile. */
  readonly behaviour: BehaviourPlan;
  /** Seconds from one mute or unmute to the next; null for none. */
  readonly muteEveryS: number | null;
  /** The caller vouches for a host that is not this machine. */
  readonly ownHost: boolean;
}

export interface CommandLine {
  readonly options: LoadTestOptions;
  readonly assertions: readonly Assertion[];
  readonly jsonFile: string | null;
  readonly htmlFile: string | null;
  /** What machines that join have to know. */
  readonly key: string;
  /** Measures the load test itself instead. */
  readonly calibrate: boolean;
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
  full: whole(0, MAX_LISTENERS).optional(),
  slow: slow().optional(),
  processes: whole(1, MAX_PROCESSES).default(Math.max(1, availableParallelism() - 1)),
  browsers: whole(0, MAX_BROWSERS).default(0),
  coordinate: whole(0, MAX_PORT).optional(),
  machines: whole(1, MAX_PROCESSES).optional(),
  key: z.string().min(MIN_KEY_LENGTH, `has to have ${MIN_KEY_LENGTH} characters or more`).optional(),
  duration: positive(MAX_DURATION_S).default(10),
  hold: positive(MAX_DURATION_S).optional(),
  churn: positive(MAX_CHURN_PCT).optional(),
  reconnects: positive(MAX_CHURN_PCT).optional(),
  reactions: positive(MAX_ACTS_PER_S).optional(),
  hands: positive(MAX_ACTS_PER_S).optional(),
  'mute-every': positive(MAX_DURATION_S).optional(),
  calibrate: z.boolean().default(false),
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
  const { assert: assertions, json = null, html = null, key = drawKey(), calibrate } = parsed.data;
  return { options: optionsOf(parsed.data), assertions, jsonFile: json, htmlFile: html, key, calibrate };
}

function drawKey(): string {
  return process.env.LOADTEST_KEY ?? randomBytes(MIN_KEY_LENGTH).toString('base64url');
}

function optionsOf(given: z.output<typeof values>): LoadTestOptions {
  const { url, speakers, flash, duration } = given;
  const listeners = given.listeners ?? flash ?? DEFAULT_LISTENERS;
  const openMics = given['open-mics'] ?? speakers;
  if (openMics > speakers) throw new UsageError('--open-mics has to be at most the number of --speakers');
  if (flash !== undefined && flash > listeners) throw new UsageError('--flash has to be at most --listeners');
  const full = given.full ?? Math.min(DEFAULT_FULL_MAX, Math.max(1, Math.floor(listeners * DEFAULT_FULL_SHARE)));
  if (full > listeners) throw new UsageError('--full has to be at most --listeners');
  return {
    url,
    listeners,
    speakers,
    openMics,
    rate: given.rate ?? DEFAULT_RATE,
    arrivals: arrivalsOf(given),
    full,
    slow: given.slow ?? null,
    seed: given.seed ?? randomInt(MAX_SEED),
    processes: given.processes,
    coordinate: coordinateOf(given),
    browsers: given.browsers,
    durationS: duration,
    ...stayOf(given, openMics),
    ownHost: given['i-own-this-host'],
  };
}

function coordinateOf({ coordinate: port, machines, key }: z.output<typeof values>) {
  if (port === undefined && (machines ?? key) !== undefined)
    throw new UsageError('--machines and --key are for --coordinate and --join');
  return port === undefined ? null : { port, machines: machines ?? 1 };
}

function stayOf(given: z.output<typeof values>, openMics: number) {
  const { duration, hold = duration } = given;
  if (hold < duration) throw new UsageError('--hold has to be at least --duration');
  const muteEveryS = given['mute-every'] ?? null;
  // A room in which nobody is heard cannot be told from one that is broken.
  if (muteEveryS !== null && openMics < 2) throw new UsageError('--mute-every needs two open microphones or more');
  const { churn = 0, reconnects = 0, reactions = 0, hands = 0 } = given;
  const behaviour = { churnPct: churn, reconnectPct: reconnects, reactionsPerS: reactions, handsPerMinute: hands };
  return { holdS: hold, behaviour, muteEveryS };
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
        full: { type: 'string' },
        slow: { type: 'string' },
        processes: { type: 'string' },
        browsers: { type: 'string' },
        coordinate: { type: 'string' },
        machines: { type: 'string' },
        key: { type: 'string' },
        duration: { type: 'string' },
        hold: { type: 'string' },
        churn: { type: 'string' },
        reconnects: { type: 'string' },
        reactions: { type: 'string' },
        hands: { type: 'string' },
        'mute-every': { type: 'string' },
        calibrate: { type: 'boolean' },
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

/** `10%:loss=2%,delay=80,jitter=30,rate=64`: a share, and any of the four. */
function slow() {
  const message = 'has to be like 10%:loss=2%,delay=80,jitter=30,rate=64, with any of the four, once each';
  const figure = String.raw`\d+(?:\.\d+)?`;
  const whole = new RegExp(`^(${figure})%:(.+)$`);
  const part = new RegExp(`^(?:(loss)=(${figure})%|(delay|jitter|rate)=(${figure}))$`);
  return z.string().transform((text, context): NonNullable<KindPlan['slow']> => {
    const [, share, rest = ''] = whole.exec(text) ?? [];
    const parts = rest.split(',').map((one) => part.exec(one));
    const given = new Map(parts.map((match) => [match?.[1] ?? match?.[3], Number(match?.[2] ?? match?.[4])]));
    const [lossPct, delayMs, jitterMs] = [given.get('loss') ?? 0, given.get('delay') ?? 0, given.get('jitter') ?? 0];
    const rateKbps = given.get('rate') ?? null;
    const sharePct = Number(share);
    const isRead = sharePct > 0 && sharePct <= 100 && parts.every(Boolean) && given.size === parts.length;
    const isSane = lossPct <= 100 && Math.max(delayMs, jitterMs) <= MAX_DELAY_MS;
    if (isRead && isSane && (rateKbps === null || (rateKbps > 0 && rateKbps <= MAX_RATE_KBPS))) {
      return { share: sharePct / 100, network: { lossShare: lossPct / 100, delayMs, jitterMs, rateKbps } };
    }
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
