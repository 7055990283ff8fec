import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const NS_PER_MS = 1e6;

/** What this process consumed between two moments, to tell a slow server from a slow load test. */
export interface ProcessUsage {
  /** The machine on which it ran; empty for this one. */
  readonly machine: string;
  /** Of one core, so that 200 means two cores. */
  readonly cpuPct: number;
  /** How much later than due the event loop ran: delays of this size are part of every time that is measured. */
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly rssMb: number;
  /** Datagrams that the kernel dropped because someone on this machine read too slowly; null where /proc does not tell. */
  readonly udpDropped: number | null;
}

const RESOLUTION_MS = 10;

/** Watches the process itself. */
export class ProcessMonitor {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #cpu = process.cpuUsage();
  #sinceMs = performance.now();
  #dropped: number | null = null;

  async start(): Promise<void> {
    this.#dropped = await readUdpDropped();
    this.#delay.reset();
    this.#delay.enable();
    this.#cpu = process.cpuUsage();
    this.#sinceMs = performance.now();
  }

  async stop(): Promise<ProcessUsage> {
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedMs = performance.now() - this.#sinceMs;
    this.#delay.disable();
    const dropped = await readUdpDropped();
    // The histogram holds the whole interval between two timers; what counts is how much longer than asked it was.
    const late = (ns: number) => (Number.isFinite(ns) ? Math.max(0, ns / NS_PER_MS - RESOLUTION_MS) : 0);
    const { max } = this.#delay;
    return {
      machine: '',
      cpuPct: (user + system) / 10 / elapsedMs,
      eventLoopDelayMs: {
        p50: late(this.#delay.percentile(50)),
        p99: late(this.#delay.percentile(99)),
        max: late(max),
      },
      rssMb: process.memoryUsage.rss() / 1e6,
      udpDropped: dropped === null || this.#dropped === null ? null : dropped - this.#dropped,
    };
  }
}

/** Several processes as one: what they take adds up, and the latest of them is as late as the load test. */
export function mergeUsages(usages: readonly ProcessUsage[]): ProcessUsage {
  const worst = (of: (usage: ProcessUsage) => number) => Math.max(0, ...usages.map(of));
  const sum = (of: (usage: ProcessUsage) => number) => usages.reduce((total, usage) => total + of(usage), 0);
  return {
    machine: '',
    cpuPct: sum(({ cpuPct }) => cpuPct),
    eventLoopDelayMs: {
      p50: worst(({ eventLoopDelayMs }) => eventLoopDelayMs.p50),
      p99: worst(({ eventLoopDelayMs }) => eventLoopDelayMs.p99),
      max: worst(({ eventLoopDelayMs }) => eventLoopDelayMs.max),
    },
    rssMb: sum(({ rssMb }) => rssMb),
    udpDropped: droppedOf(usages),
  };
}

/** Each process reads the count of its whole machine; machines add up. */
function droppedOf(usages: readonly ProcessUsage[]): number | null {
  if (usages.some(({ udpDropped }) => udpDropped === null)) return null;
  const machines = Map.groupBy(usages, ({ machine }) => machine);
  return [...machines.values()].reduce(
    (sum, here) => sum + Math.max(0, ...here.map(({ udpDropped }) => udpDropped ?? 0)),
    0,
  );
}

/** `RcvbufErrors` of /proc/net/snmp: Linux only, and of the whole machine. */
async function readUdpDropped(): Promise<number | null> {
  const text = await readFile('/proc/net/snmp', 'utf8').catch(() => '');
  const [names, figures] = text.split('\n').filter((line) => line.startsWith('Udp:'));
  const index = names?.split(' ').indexOf('RcvbufErrors') ?? -1;
  return index < 0 || !figures ? null : Number(figures.split(' ')[index]);
}
