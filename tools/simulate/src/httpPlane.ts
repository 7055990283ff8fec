import type { HttpPlane } from '@tribune/loadtest/players/Player.ts';
import type { Costs } from './costs.ts';

/** Where a bench file has no figures: those of an AMD EPYC, 26 November 2026. */
const MEASURED_MS = { stream: 0.0134, hls: 0.156, nginxHls: 0.0208 };
/** Answers of a room in which one person speaks at 32 kbit/s, headers included. */
const BYTES = { segment: 12_400, playlist: 710, state: 740, streamPerS: 4000 };
const SEGMENT_S = 3;
/** For as long as caches keep it. */
const STATE_S = 2;
const PLAYLIST_S = 1;
/** Node writes to all listeners of a machine in one thread, and has other things to do. */
const NODE_SHARE = 0.5;
/** Of a core of nginx, and of a network. */
const FULL_SHARE = 0.7;

export interface HttpPlan {
  readonly plane: HttpPlane;
  readonly listeners: number;
  /** What all listeners ask for, and get. */
  readonly requestsPerS: number;
  readonly gbit: number;
  readonly requestsPerHour: number;
  readonly terabytesPerHour: number;
  /** What nodes are asked for, and send. */
  readonly origin: { readonly requestsPerS: number; readonly gbit: number; readonly nodes: number };
  /** Caches of one's own with nginx that carry it: cores, and machines by their network; null where a CDN does, or nothing can be kept. */
  readonly caches: { readonly cores: number; readonly machines: number } | null;
}

interface HttpAudience {
  readonly plane: HttpPlane;
  readonly listeners: number;
  readonly nicGbit: number;
  /** Places of a CDN that ask the nodes; 0 for none. */
  readonly cdnPlaces: number;
}

/** What an audience over HTTP asks for, and what carries it. Everyone listens already: whoever comes costs one request more. */
export function planHttp({ plane, listeners, nicGbit, cdnPlaces }: HttpAudience, costs: Costs): HttpPlan {
  const ms = { ...MEASURED_MS, ...costs.httpMsPerListenerSecond };
  const perListener = plane === 'stream' ? perStream() : perHls();
  const all = { requestsPerS: perListener.requests * listeners, gbit: gigabits(perListener.bytes * listeners) };
  const network = (gbit: number) => Math.ceil(gbit / (nicGbit * FULL_SHARE));
  const total = {
    ...{ plane, listeners, ...all },
    requestsPerHour: all.requestsPerS * 3600,
    terabytesPerHour: (perListener.bytes * listeners * 3600) / 1e12,
  };
  // A stream is made for each listener: a cache has nothing to keep of it.
  if (plane === 'stream') {
    const cores = (listeners * ms.stream) / 1000 / NODE_SHARE;
    return { ...total, origin: { ...all, nodes: Math.max(Math.ceil(cores), network(all.gbit)) }, caches: null };
  }
  const cores = Math.ceil((listeners * ms.nginxHls) / 1000 / FULL_SHARE);
  const machines = network(all.gbit);
  const askers = cdnPlaces || machines;
  const perAsker = { requests: 1 / SEGMENT_S + 1 / PLAYLIST_S + 1 / STATE_S, bytes: perPlace() };
  const origin = { requestsPerS: perAsker.requests * askers, gbit: gigabits(perAsker.bytes * askers) };
  return { ...total, origin: { ...origin, nodes: 1 }, caches: cdnPlaces > 0 ? null : { cores, machines } };
}

function perStream() {
  return { requests: 1 / STATE_S, bytes: BYTES.streamPerS + BYTES.state / STATE_S };
}

function perHls() {
  return {
    requests: 2 / SEGMENT_S + 1 / STATE_S,
    bytes: (BYTES.segment + BYTES.playlist) / SEGMENT_S + BYTES.state / STATE_S,
  };
}

function perPlace(): number {
  return BYTES.segment / SEGMENT_S + BYTES.playlist / PLAYLIST_S + BYTES.state / STATE_S;
}

function gigabits(bytesPerS: number): number {
  return (bytesPerS * 8) / 1e9;
}

/** As people read it in a terminal. */
export function formatHttpPlan(plan: HttpPlan): string {
  const { origin, caches } = plan;
  const number = (value: number) => Number(value.toPrecision(3)).toLocaleString('en');
  const rows = [
    ['listeners', `${number(plan.listeners)}, over HTTP (${plan.plane})`],
    ['requests', `${number(plan.requestsPerS)} per second, ${number(plan.requestsPerHour)} in an hour`],
    ['sent', `${number(plan.gbit)} Gbit/s, ${number(plan.terabytesPerHour)} TB in an hour`],
    ['asked of nodes', `${number(origin.requestsPerS)} per second, ${number(origin.gbit)} Gbit/s`],
    ['nodes', number(origin.nodes)],
    ...(caches ? [['caches with nginx', `${caches.cores} cores on ${caches.machines} machines or more`]] : []),
  ];
  return rows.map(([label, value]) => `  ${label!.padEnd(18)} ${value}`).join('\n');
}
