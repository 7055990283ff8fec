import { NODE_LIFE_MS } from './Admission.ts';
import { broadcastMs, directMsPerListenerSecond, isMixMeasured, mixMsPerListenerSecond, type Costs } from './costs.ts';

export const DELIVERIES = ['direct', 'mix'] as const;
/** `direct`: a stream for each open microphone, on one worker. `mix`: one stream, spread over the workers. */
type Delivery = (typeof DELIVERIES)[number];

export interface NodeFailure {
  /** Counted from 1. */
  readonly node: number;
  readonly atS: number;
}

export interface Cluster {
  readonly nodes: number;
  /** Of a node: one runs Node, the media workers have the others. */
  readonly cores: number;
  readonly workers: number;
  readonly delivery: Delivery;
  readonly openMics: number;
  readonly rttMs: number;
  /** JOINS_PER_S of each node; `Infinity` where nobody is told to wait. */
  readonly joinsPerS: number;
  /** NODE_CAPACITY of each node; `Infinity`, which JSON has as null, where no node is ever full. */
  readonly capacity: number;
  /** Percent of the listeners who leave in each minute. */
  readonly leavePct: number;
  readonly nicGbit: number;
  readonly memoryGb: number;
  readonly failures: readonly NodeFailure[];
  /** Cores that server and clients share on one machine; null where clients have their own. */
  readonly sharedCores: number | null;
}

/** What is in no bench and in no source of the server: each is printed with every report. */
export const ASSUMED = {
  ticketShare: 0.25,
  socketShare: 0.5,
  connectShare: 0.25,
  refusalShare: 0.1,
  clientStepShare: 1 / 3,
  scrapeS: 15,
  leastSpeed: 0.05,
} as const;

/** Round trips before the work of each step. Docs: "Joining" in docs/architecture.md; each connection is TCP and TLS 1.3. */
export const ROUND_TRIPS = { ticket: 2.5, socket: 4, connect: 1, handshake: 2.5, audio: 0.5 } as const;
/** From the refusal back, on the open connection. */
export const RETRY_ROUND_TRIPS = 1;

/** As the server does: `http/problem.ts`, and the pulse. */
export const RETRY_AFTER_MS = 2000;
const PULSE = { minMs: 1000, maxMs: 5000, listenersPerExtraSecond: 10_000 } as const;

const MIX_FRAME_MS = 60;
const VOICE_FRAME_MS = 20;
const OPUS_BITS_PER_MS = 32;
/** RTP 12, the tag of AES-128-GCM 16, UDP and IPv4 28. */
const PACKET_OVERHEAD_BYTES = 12 + 16 + 28;
const CSRC_BYTES = 4;

export interface Stream {
  readonly frameMs: number;
  readonly packetsPerSecond: number;
  readonly bytesPerPacket: number;
  readonly bitsPerSecond: number;
  /** CPU of a worker for one listener, as a share of a core. */
  readonly workerShare: number;
}

/** What one listener receives, and what that takes. */
export function streamOf({ delivery, openMics }: Cluster, costs: Costs): Stream {
  const isMix = delivery === 'mix';
  const frameMs = isMix ? MIX_FRAME_MS : VOICE_FRAME_MS;
  const packetsPerSecond = (1000 / frameMs) * (isMix ? 1 : openMics);
  const bytesPerPacket = (frameMs * OPUS_BITS_PER_MS) / 8 + PACKET_OVERHEAD_BYTES + (isMix ? CSRC_BYTES * openMics : 0);
  const cpuMs = isMix ? mixMsPerListenerSecond(costs) : directMsPerListenerSecond(costs, openMics);
  const bitsPerSecond = packetsPerSecond * bytesPerPacket * 8;
  return { frameMs, packetsPerSecond, bytesPerPacket, bitsPerSecond, workerShare: cpuMs / 1000 };
}

/** Pulses to `sockets` of a room of `listeners`, as a share of the Node core. */
export function pulseShare(sockets: number, listeners: number, costs: Costs): number {
  return sockets === 0 ? 0 : broadcastMs(costs, sockets) / pulsePeriodMs(listeners);
}

/** What Node takes when nobody comes, as a share of its core. */
export function idleShare({ background }: Costs): number {
  return background ? (background.nodeMsPerSecond + background.scrapeNodeMs / ASSUMED.scrapeS) / 1000 : 0;
}

/** How often a room of so many listeners is told how it is. */
export function pulsePeriodMs(listeners: number): number {
  const extraMs = Math.floor(listeners / PULSE.listenersPerExtraSecond) * 1000;
  return Math.min(PULSE.minMs + extraMs, PULSE.maxMs);
}

/** Assumptions in words. */
export function assumptionsOf(cluster: Cluster, costs: Costs): string[] {
  const { delivery, rttMs, nicGbit, memoryGb, workers, capacity, leavePct } = cluster;
  const percent = (share: number) => `${share * 100} %`;
  return [
    'Every core is as fast as the one of the bench, and no core slows another down.',
    `Node's work of a join: ${percent(ASSUMED.ticketShare)} ticket, ${percent(ASSUMED.socketShare)} socket and welcome, ${percent(ASSUMED.connectShare)} connect; a refusal costs ${percent(ASSUMED.refusalShare)} of a join.`,
    `A worker that its media fills keeps ${percent(ASSUMED.leastSpeed)} of its core for joins; nobody gives up, and no handshake times out.`,
    Number.isFinite(capacity)
      ? `Each node takes ${capacity} listeners; the others wait in a queue, in the order of coming, and ${leavePct} % of the listeners leave in each minute.`
      : 'No node is ever full, so that nobody waits in a queue.',
    'People have a ticket for the better of two nodes drawn at random, of those with a place and with joins left this second, and lose their place when they have not arrived within 10 s. Whoever comes later than that is let in all the same.',
    delivery === 'mix'
      ? `One mixed stream of 60 ms packets, ${isMixMeasured(costs) ? 'which is what the bench measured' : 'which costs per packet what the bench measured of direct delivery'}, spread over ${workers} workers of each node. The mixer itself is not in the model.`
      : 'Direct delivery puts the media of a room on one worker of each node.',
    `The round trip is ${rttMs} ms for everyone, without loss; a node sends ${nicGbit} Gbit/s and has ${memoryGb} GB of memory.`,
    `A failed node closes its connections at once; for ${NODE_LIFE_MS / 1000} s people still have tickets for it, but for those who could not reach it before.`,
    costs.aloneMs === null
      ? 'The bench did not tell how long a lone join takes beside its CPU: it takes nothing more here.'
      : 'A join takes the time of a lone one on an idle machine, its client included, and what it waits for others.',
    costs.background === null
      ? 'The bench did not tell what Node takes when nobody comes: nothing here.'
      : `/metrics is read every ${ASSUMED.scrapeS} s. Processes are warm: they have compiled what they run.`,
  ];
}
