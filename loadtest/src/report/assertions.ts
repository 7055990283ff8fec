import type { Report } from './report.ts';
import type { Percentiles } from '../hearing/stats.ts';

/** One demand on the report, such as `ttfaMs.p95<1500`. */
export interface Assertion {
  /** As it was written. */
  readonly text: string;
  readonly field: AssertableField;
  readonly operator: Operator;
  readonly bound: number;
}

type Operator = keyof typeof COMPARISONS;

const COMPARISONS = {
  '<': (value: number, bound: number) => value < bound,
  '<=': (value: number, bound: number) => value <= bound,
  '>': (value: number, bound: number) => value > bound,
  '>=': (value: number, bound: number) => value >= bound,
  '==': (value: number, bound: number) => value === bound,
};

/** Every figure of the report that is one number, by the path that it has in the JSON. */
const FIELDS = {
  'listeners.joined': ({ listeners }) => listeners.joined,
  'listeners.failed': ({ listeners }) => listeners.failed.reduce((sum, { count }) => sum + count, 0),
  'listeners.mediaFailed': ({ listeners }) => listeners.mediaFailed,
  'rooms.worst.joined': ({ rooms }) => rooms?.worst.joined ?? null,
  'rooms.worst.ttfaMsP95': ({ rooms }) => rooms?.worst.ttfaMsP95 ?? null,
  'rooms.worst.lossPct': ({ rooms }) => rooms?.worst.lossPct ?? null,
  'rooms.worst.mosP5': ({ rooms }) => rooms?.worst.mosP5 ?? null,
  ...percentileFields('joinMs', ({ joinMs }) => joinMs),
  ...percentileFields('ttfaMs', ({ ttfaMs }) => ttfaMs),
  ...percentileFields('jitterMs', ({ jitterMs }) => jitterMs),
  lossPct: ({ lossPct }) => lossPct,
  joinsPerSecond: ({ joinsPerSecond }) => joinsPerSecond,
  packetsPerListenerPerSecond: (report) => report.packetsPerListenerPerSecond,
  'sfu.cpuUsPerPacket': ({ sfu }) => sfu.cpuUsPerPacket,
  'sfu.cpuMsPerListenerSecond': ({ sfu }) => sfu.cpuMsPerListenerSecond,
  'sfu.rssMb': ({ sfu }) => sfu.rssMb,
  'sfu.nodeCpuPct': ({ sfu }) => sfu.nodeCpuPct,
  'window.received': ({ window }) => window?.received ?? null,
  'window.lost': ({ window }) => window?.lost ?? null,
  'window.duplicates': ({ window }) => window?.duplicates ?? null,
  'window.reordered': ({ window }) => window?.reordered ?? null,
  'window.restarted': ({ window }) => window?.restarted ?? null,
  'http.joined': ({ http }) => http?.joined ?? null,
  'http.failed': ({ http }) => http?.failed ?? null,
  'http.stalls': ({ http }) => http?.stalls ?? null,
  'http.gaps': ({ http }) => http?.gaps ?? null,
  'http.firstSoundMs.p50': ({ http }) => http?.firstSoundMs.p50 ?? null,
  'http.firstSoundMs.p95': ({ http }) => http?.firstSoundMs.p95 ?? null,
  'http.behindLiveS.p50': ({ http }) => http?.behindLiveS.p50 ?? null,
  'http.behindLiveS.p95': ({ http }) => http?.behindLiveS.p95 ?? null,
  'generator.cpuPct': ({ generator }) => generator?.cpuPct ?? null,
  'generator.rssMb': ({ generator }) => generator?.rssMb ?? null,
  'generator.udpDropped': ({ generator }) => generator?.udpDropped ?? null,
  'generator.eventLoopDelayMs.p99': ({ generator }) => generator?.eventLoopDelayMs.p99 ?? null,
} satisfies Record<string, (report: Report) => number | null>;

type AssertableField = keyof typeof FIELDS;

/** @throws {Error} that says what is wrong with it. */
export function parseAssertion(text: string): Assertion {
  const [, field = '', operator, bound] = /^\s*([\w.]+)\s*(<=|>=|==|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  if (bound === undefined) throw new Error(`has to be like "ttfaMs.p95<1500", and is "${text}"`);
  if (!isField(field)) throw new Error(`knows no "${field}", only ${Object.keys(FIELDS).join(', ')}`);
  return { text, field, operator: operator as Operator, bound: Number(bound) };
}

/** The demands that are not met, each with the value. A figure that was not measured meets none. */
export function failedAssertions(assertions: readonly Assertion[], report: Report): string[] {
  return assertions.flatMap(({ text, field, operator, bound }) => {
    const value = FIELDS[field](report);
    if (value !== null && COMPARISONS[operator](value, bound)) return [];
    return [`${text} does not hold: ${field} ${value === null ? 'was not measured' : `is ${value}`}`];
  });
}

function isField(name: string): name is AssertableField {
  return Object.hasOwn(FIELDS, name);
}

function percentileFields<N extends string>(name: N, of: (report: Report) => Percentiles) {
  const field = (key: 'p50' | 'p95' | 'p99') => (report: Report) => of(report)[key];
  return { [`${name}.p50`]: field('p50'), [`${name}.p95`]: field('p95'), [`${name}.p99`]: field('p99') } as Record<
    `${N}.${'p50' | 'p95' | 'p99'}`,
    (report: Report) => number | null
  >;
}
