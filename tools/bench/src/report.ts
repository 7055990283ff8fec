import { cpus, release, totalmem } from 'node:os';
import { significant, type Figure } from './figures.ts';
import type { HttpCase } from './httpLive.ts';
import type { BenchResult } from './runBench.ts';

/** Of one machine, at one time. Each figure is the median of its runs; `details` has their spread. */
export interface BenchReport {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGb: number;
    readonly system: string;
  };
  readonly node: string;
  readonly floorUsPerPacket: number | null;
  /** Of the room with one open microphone. */
  readonly sfuUsPerPacket: number | null;
  /** By open microphones. */
  readonly sfuMsPerListenerSecond: Readonly<Record<string, number | null>>;
  /** CPU of the worker for a second of a listener, by the ms of sound in a packet; of one run. */
  readonly listenerMsPerSecond: Readonly<Record<'60' | '120', number | null>>;
  /** What packets of 120 ms cost, as a share of what those of 60 ms do. */
  readonly listenerRatio120To60: number | null;
  /** The same as multiples of the floor. */
  readonly listenerFloorsPerSecond: Readonly<Record<'60' | '120', number | null>>;
  /** With packets of 120 ms. */
  readonly listenersPerCore: number | null;
  /** True where the machine did not carry so many beside their clients, and the number follows from what fewer took. */
  readonly isListenersPerCoreExtrapolated: boolean | null;
  /** CPU of the mixer by open microphones; null where there is none. */
  readonly mixerMsPerSecond: Readonly<Record<string, number | null>>;
  /** CPU of the mixer process for a room that is alone in it, with one open microphone. */
  readonly mixerMsPerLoneRoomSecond: number | null;
  /** CPU of the mixer process for one of several rooms in it, by open microphones. */
  readonly mixerMsPerRoomSecond: Readonly<Record<string, number | null>>;
  /** The same as a share of what the checkout of `--baseline` takes; null without one. */
  readonly mixerRatioToBaseline: Readonly<Record<string, number | null>>;
  /** Rooms with one open microphone in one mixer process, beyond which its ticks begin to be late. */
  readonly roomsPerMixerCore: number | null;
  /** True where the machine could not feed so many rooms, and the number follows from the CPU that fewer took. */
  readonly isRoomsPerMixerCoreExtrapolated: boolean | null;
  /** Of the worker and of Node. */
  readonly kbPerListener: number | null;
  readonly joinsPerSecond: number | null;
  readonly joinWorkerMs: number | null;
  readonly joinNodeMs: number | null;
  /** The same as multiples of the floor. */
  readonly joinWorkerFloors: number | null;
  readonly joinNodeFloors: number | null;
  /** By sockets in the room. */
  readonly broadcastUsPerSocket: Readonly<Record<string, number | null>>;
  /** Of people who come in, from the first request to the welcome, without and with an attack from one other address. */
  readonly door: {
    readonly honestP95Ms: { readonly without: number; readonly with: number };
    readonly ratio: number;
    /** Honest people who were refused while the attack went on. */
    readonly refused: number;
    readonly attackPerSecond: number;
  } | null;
  /** CPU of the process that records, for an hour of one of many rooms in which somebody speaks all the time. */
  readonly recordingCpuSPerRoomHour: number | null;
  /** CPU of the server's Node for a listener over HTTP and a second, and of nginx that has the same bytes in files. */
  readonly httpMsPerListenerSecond: Readonly<Record<HttpCase, number | null>> | null;
  readonly httpListenersPerCore: Readonly<Record<HttpCase, number | null>> | null;
  readonly details: BenchResult;
}

export function buildReport(result: BenchResult, date = new Date()): BenchReport {
  const { floor, sfu, rooms, joins, signalling, door, broadcast } = result;
  const amongOthers = (rooms?.costs ?? []).filter((cost) => cost.rooms > 1);
  const floorOf = (ms: number | null | undefined) =>
    floor?.usPerPacket && ms !== null && ms !== undefined ? significant((ms * 1000) / floor.usPerPacket.median) : null;
  const { 60: short = null, 120: long = null } = sfu?.packetLengths.msPerListenerSecond ?? {};
  const memory = sfu?.memory ? sfu.memory.workerKb + sfu.memory.nodeKb : null;
  return {
    date: date.toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGb: significant(totalmem() / 1e9),
      system: `${process.platform} ${release()} ${process.arch}`,
    },
    node: process.version,
    floorUsPerPacket: medianOf(floor?.usPerPacket),
    sfuUsPerPacket: medianOf(sfu?.rooms[0]?.usPerPacket),
    sfuMsPerListenerSecond: Object.fromEntries(
      (sfu?.rooms ?? []).map(({ microphones, msPerListenerSecond }) => [microphones, medianOf(msPerListenerSecond)]),
    ),
    listenerMsPerSecond: { 60: medianOf(short), 120: medianOf(long) },
    listenerRatio120To60: short && long ? significant(long.median / short.median) : null,
    listenerFloorsPerSecond: { 60: floorOf(short?.median), 120: floorOf(long?.median) },
    listenersPerCore: sfu?.packetLengths.capacity.listeners ?? null,
    isListenersPerCoreExtrapolated: sfu?.packetLengths.capacity.isExtrapolated ?? null,
    mixerMsPerSecond: Object.fromEntries(
      (sfu?.rooms ?? []).map(({ microphones, mixerMsPerSecond }) => [microphones, medianOf(mixerMsPerSecond)]),
    ),
    mixerMsPerLoneRoomSecond: medianOf(rooms?.costs.find((cost) => cost.rooms === 1)?.msPerRoomSecond),
    mixerMsPerRoomSecond: Object.fromEntries(
      amongOthers.map(({ microphones, msPerRoomSecond }) => [microphones, medianOf(msPerRoomSecond)]),
    ),
    mixerRatioToBaseline: Object.fromEntries(
      amongOthers.map(({ microphones, ratio }) => [microphones, medianOf(ratio)]),
    ),
    roomsPerMixerCore: rooms?.capacity?.rooms ?? null,
    isRoomsPerMixerCoreExtrapolated: rooms?.capacity?.isExtrapolated ?? null,
    kbPerListener: memory === null ? null : significant(memory),
    joinsPerSecond: medianOf(joins?.perSecond),
    joinWorkerMs: medianOf(joins?.workerMs),
    joinNodeMs: medianOf(joins?.nodeMs),
    joinWorkerFloors: floorOf(joins?.workerMs?.median),
    joinNodeFloors: floorOf(joins?.nodeMs?.median),
    broadcastUsPerSocket: Object.fromEntries(
      (signalling ?? []).map(({ sockets, usPerSocket }) => [sockets, medianOf(usPerSocket)]),
    ),
    door: door && {
      honestP95Ms: { without: significant(door.without.p95Ms), with: significant(door.with.p95Ms) },
      ratio: significant(door.ratio),
      refused: door.with.refused,
      attackPerSecond: significant(door.attackPerSecond),
    },
    recordingCpuSPerRoomHour: medianOf(broadcast?.recordingCpuSPerRoomHour),
    httpMsPerListenerSecond: broadcast && mediansOf(broadcast.http.msPerListenerSecond),
    httpListenersPerCore: broadcast && mediansOf(broadcast.http.listenersPerCore),
    details: result,
  };
}

/** As `2026-11-21-amd-epyc.json`. */
export function fileNameOf({ date, machine }: BenchReport): string {
  const cpu = machine.cpu
    .toLowerCase()
    .replace(/\((?:r|tm)\)/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${date.slice(0, 10)}-${cpu || 'unknown'}.json`;
}

function mediansOf<K extends string>(figures: Readonly<Record<K, Figure | null>>): Record<K, number | null> {
  const entries = Object.entries(figures) as [K, Figure | null][];
  return Object.fromEntries(entries.map(([name, figure]) => [name, medianOf(figure)])) as Record<K, number | null>;
}

function medianOf(figure: Figure | null | undefined): number | null {
  return figure ? significant(figure.median) : null;
}
