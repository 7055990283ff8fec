import { randomBytes, randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { defineCommand, oneOf, positive, text, UsageError, whole, type ValuesOf } from '@tribune/cli';
import { LIMITS } from '@tribune/shared/domain.ts';
import { assertion, MAX_DURATION_S, MAX_PORT, MAX_RATE, ramp, serverUrl, slowNetwork } from './optionValues.ts';
import { LAUNCH_SPAN_S, type ArrivalPlan } from './people/arrivals.ts';
import type { BehaviourPlan } from './people/behaviour.ts';
import { HTTP_PLANES, type HttpPlane } from './players/Player.ts';
import type { KindPlan } from './hearing/kinds.ts';
import type { Assertion } from './report/assertions.ts';

const MAX_LISTENERS = 5000;
const MAX_ROOMS = 200;
const PLANES = ['webrtc', ...HTTP_PLANES, 'mixed'] as const;
/** Limit for all rooms together: speakers are in one process, and each sends 50 packets a second. */
const MAX_ALL_SPEAKERS = 400;
const DEFAULT_LISTENERS = 50;
const DEFAULT_RATE = 20;
const DEFAULT_DURATION_S = 10;
const MAX_PROCESSES = 64;
const MIN_KEY_LENGTH = 16;
const MAX_BROWSERS = 20;
const MAX_SEED = 0xffff_ffff;
const DEFAULT_FULL_SHARE = 0.1;
const DEFAULT_FULL_MAX = 20;
/** Everyone, ten times a minute. */
const MAX_CHURN_PCT = 1000;
const MAX_ACTS_PER_S = 1000;

/** Options that a command which lends this machine to a run has too. */
export const SHARED_OPTIONS = {
  processes: {
    value: 'N',
    parse: whole(1, MAX_PROCESSES),
    default: Math.max(1, availableParallelism() - 1),
    defaultText: 'one per core less one',
    help: 'processes that run listeners',
  },
  iOwnThisHost: { help: 'allow a server that is not on this machine' },
} as const;

export const COMMAND = defineCommand({
  name: 'npm run loadtest --',
  description:
    'Simulated listeners for a Tribune server: real tickets, sockets, ICE, DTLS and SRTP. Creates rooms, goes live, lets speakers say recorded speech, listeners arrive, and counts what they receive.',
  options: {
    url: { value: 'URL', parse: serverUrl(), default: 'http://localhost:3000', help: 'the server' },
    listeners: {
      value: 'N',
      parse: whole(1, MAX_LISTENERS),
      help: `people who listen, up to ${MAX_LISTENERS} (default: ${DEFAULT_LISTENERS})`,
    },
    plane: {
      value: 'PLANE',
      parse: oneOf(PLANES),
      default: 'webrtc',
      help: 'how they hear: webrtc, stream or hls (players over HTTP), or mixed: a third of them each',
    },
    rooms: { value: 'N', parse: whole(1, MAX_ROOMS), default: 1, help: 'rooms that listeners are spread over evenly' },
    speakers: {
      value: 'N',
      parse: whole(1, LIMITS.maxSpeakers),
      default: 1,
      help: 'people who speak in each room, the host included',
    },
    openMics: {
      value: 'N',
      parse: whole(1, LIMITS.maxSpeakers),
      help: 'speakers of each room who are not muted (default: all)',
    },
    rate: {
      value: 'N',
      parse: positive(MAX_RATE),
      help: `listeners who arrive per second, on average (default: ${DEFAULT_RATE})`,
    },
    even: { help: 'arrive like a clock, and not at random' },
    ramp: { value: 'S:N,S:N,…', parse: ramp(), help: 'from second S on, N arrive per second; linear between' },
    flash: { value: 'N', parse: whole(1, MAX_LISTENERS), help: 'the last N arrive at one moment' },
    scenario: {
      value: 'launch',
      parse: oneOf(['launch']),
      help: 'almost everyone arrives within two minutes around the start, before which they wait',
    },
    span: {
      value: 'S',
      parse: positive(MAX_DURATION_S),
      help: `length of the whole scenario (default: ${LAUNCH_SPAN_S})`,
    },
    seed: { value: 'N', parse: whole(0, MAX_SEED), help: 'repeats the arrivals of a run (default: drawn)' },
    full: {
      value: 'N',
      parse: whole(0, MAX_LISTENERS),
      help: `listeners who decrypt and check every packet (default: a tenth, 1 to ${DEFAULT_FULL_MAX})`,
    },
    slow: {
      value: 'GROUP',
      parse: slowNetwork(),
      help: 'a share of the listeners behind a poor network, such as "10%:loss=2%,delay=80,jitter=30,rate=64" (ms, kbit/s)',
    },
    ...SHARED_OPTIONS,
    coordinate: {
      value: 'PORT',
      parse: whole(0, MAX_PORT),
      help: 'let other machines join on this port, with npm run loadtest -- --join HOST:PORT --key KEY',
    },
    machines: {
      value: 'N',
      parse: whole(1, MAX_PROCESSES),
      help: 'machines that join before the run begins (default: 1)',
    },
    key: {
      value: 'KEY',
      parse: text(MIN_KEY_LENGTH),
      help: 'what machines that join have to know; or LOADTEST_KEY (default: drawn)',
    },
    browsers: {
      value: 'N',
      parse: whole(0, MAX_BROWSERS),
      default: 0,
      help: `listeners in Chromium beside the others, up to ${MAX_BROWSERS}`,
    },
    duration: {
      value: 'S',
      parse: positive(MAX_DURATION_S),
      default: DEFAULT_DURATION_S,
      help: 'seconds that are measured once everyone is in',
    },
    hold: {
      value: 'S',
      parse: positive(MAX_DURATION_S),
      help: 'seconds that everyone stays once all are in, the last of them measured (default: --duration)',
    },
    churn: {
      value: 'PCT',
      parse: positive(MAX_CHURN_PCT),
      help: 'percent of the listeners who leave in each minute meanwhile, and come back',
    },
    reconnects: {
      value: 'PCT',
      parse: positive(MAX_CHURN_PCT),
      help: 'percent of the listeners whose connection is cut in each minute',
    },
    reactions: {
      value: 'N',
      parse: positive(MAX_ACTS_PER_S),
      help: 'reactions per second, of all listeners together',
    },
    hands: { value: 'N', parse: positive(MAX_ACTS_PER_S), help: 'hands raised per minute, and lowered' },
    muteEvery: {
      value: 'S',
      parse: positive(MAX_DURATION_S),
      help: 'speakers of each room are muted in turn, and unmuted',
    },
    calibrate: { help: 'measure what a process of the load test itself can do, and nothing else' },
    assert: {
      value: 'CONDITION',
      parse: assertion(),
      repeatable: true,
      help: 'a demand such as "ttfaMs.p95<1500"; any number of them',
    },
    json: { value: 'FILE', parse: text(), help: 'write the report there too' },
    html: { value: 'FILE', parse: text(), help: 'write it as a page with charts' },
  },
  notes: `Exit code: 0 when every listener joined and heard the speakers, 1 when any did not
or an --assert does not hold, 2 for wrong options, 130 after Ctrl-C.`,
});

type Given = ValuesOf<typeof COMMAND>;

export interface LoadTestOptions {
  /** Address of the server, with the path below which it is. */
  readonly url: string;
  /** Over WebRTC. */
  readonly listeners: number;
  /** Players over HTTP, beside them. */
  readonly players: Readonly<Record<HttpPlane, number>>;
  /** Listeners are spread over them evenly; each has speakers of its own. */
  readonly rooms: number;
  /** In each room, the host included. */
  readonly speakers: number;
  /** Speakers of each room who are not muted, the host first. */
  readonly openMics: number;
  /** Arrivals per second, where `arrivals` has a steady rate. */
  readonly rate: number;
  readonly arrivals: ArrivalPlan;
  /** The listeners who decrypt and check every packet. */
  readonly full: number;
  /** The share of listeners behind a poor network, and the network; null for none. */
  readonly slow: KindPlan['slow'];
  /** Seeds the arrivals, and everything that is drawn about listeners. */
  readonly seed: number;
  /** Processes that run listeners; the speakers are in one more. */
  readonly processes: number;
  /** Where other machines join, and how many; null for a run of this machine alone. */
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

/**
 * @param args without the names of node and script
 * @returns null when help was asked for
 * @throws {UsageError}
 */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const given = COMMAND.parse(args);
  return given && commandLineOf(given);
}

/** @throws {UsageError} when the options contradict each other */
export function commandLineOf(given: Given): CommandLine {
  const { assert: assertions, json = null, html = null, key = drawKey(), calibrate } = given;
  return { options: optionsOf(given), assertions, jsonFile: json, htmlFile: html, key, calibrate };
}

function drawKey(): string {
  return process.env.LOADTEST_KEY ?? randomBytes(MIN_KEY_LENGTH).toString('base64url');
}

function optionsOf(given: Given): LoadTestOptions {
  const { url, rooms, speakers, flash, duration, processes, browsers } = given;
  const all = given.listeners ?? flash ?? DEFAULT_LISTENERS;
  const players = playersOf(given, all);
  const listeners = all - players.stream - players.hls;
  const openMics = given.openMics ?? speakers;
  if (openMics > speakers) throw new UsageError('--open-mics has to be at most the number of --speakers');
  if (flash !== undefined && flash > all) throw new UsageError('--flash has to be at most --listeners');
  if (rooms > all) throw new UsageError('--rooms has to be at most --listeners');
  if (rooms * speakers > MAX_ALL_SPEAKERS)
    throw new UsageError(`--rooms times --speakers has to be at most ${MAX_ALL_SPEAKERS}`);
  const full =
    given.full ?? Math.min(listeners, DEFAULT_FULL_MAX, Math.max(1, Math.floor(listeners * DEFAULT_FULL_SHARE)));
  if (full > listeners) throw new UsageError('--full has to be at most --listeners');
  return {
    ...{ url, listeners, players, rooms, speakers, openMics, full, processes, browsers },
    rate: given.rate ?? DEFAULT_RATE,
    arrivals: arrivalsOf(given),
    slow: given.slow ?? null,
    seed: given.seed ?? randomInt(MAX_SEED),
    coordinate: coordinateOf(given),
    durationS: duration,
    ...stayOf(given, openMics),
    ownHost: given.iOwnThisHost,
  };
}

function playersOf({ plane, scenario, coordinate }: Given, all: number): LoadTestOptions['players'] {
  if (plane === 'webrtc') return { stream: 0, hls: 0 };
  // Before a room is live there is nothing to hear over HTTP.
  if (scenario) throw new UsageError(`--scenario is not for --plane ${plane}`);
  if (coordinate !== undefined) throw new UsageError(`--coordinate is not for --plane ${plane}`);
  if (plane !== 'mixed') return { stream: 0, hls: 0, [plane]: all };
  const third = Math.floor(all / 3);
  return { stream: third, hls: third };
}

function coordinateOf({ coordinate: port, machines, key }: Given): LoadTestOptions['coordinate'] {
  if (port === undefined && (machines ?? key) !== undefined)
    throw new UsageError('--machines and --key are for --coordinate and --join');
  return port === undefined ? null : { port, machines: machines ?? 1 };
}

function stayOf(given: Given, openMics: number): Pick<LoadTestOptions, 'holdS' | 'behaviour' | 'muteEveryS'> {
  const { duration, hold = duration, muteEvery } = given;
  if (hold < duration) throw new UsageError('--hold has to be at least --duration');
  // A room in which nobody is heard cannot be told from one that is broken.
  if (muteEvery !== undefined && openMics < 2) throw new UsageError('--mute-every needs two open microphones or more');
  const { churn = 0, reconnects = 0, reactions = 0, hands = 0 } = given;
  const behaviour = { churnPct: churn, reconnectPct: reconnects, reactionsPerS: reactions, handsPerMinute: hands };
  return { holdS: hold, behaviour, muteEveryS: muteEvery ?? null };
}

function arrivalsOf(given: Given): ArrivalPlan {
  const { rate, even, flash, scenario } = given;
  const ways = { ramp: given.ramp, flash, scenario };
  const named = Object.entries(ways).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if (named.length > 1) throw new UsageError(`${named.join(' and ')} cannot be used together`);
  if (rate !== undefined && (given.ramp ?? scenario)) throw new UsageError(`${named.join()} has its own --rate`);
  if (given.span !== undefined && !scenario) throw new UsageError('--span is for --scenario');
  if (even && scenario) throw new UsageError('--even is not for --scenario');
  const spacing = even ? 'even' : 'poisson';
  const perSecond = rate ?? DEFAULT_RATE;
  if (scenario) return { kind: 'launch', spanS: given.span ?? LAUNCH_SPAN_S };
  if (flash !== undefined) return { kind: 'flash', count: flash, perSecond, spacing };
  return { kind: 'rate', points: given.ramp ?? [{ atS: 0, perSecond }], spacing };
}
