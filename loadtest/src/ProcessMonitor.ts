import { readdir, readFile, readlink } from 'node:fs/promises';
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
  /** Datagrams for the open sockets of this process that the kernel dropped, because it read too slowly; null where /proc does not tell. */
  readonly udpDropped: number | null;
}

const RESOLUTION_MS = 10;
/** Where the tables of /proc/net have them, counted from zero. */
const INODE_FIELD = 9;
const DROPS_FIELD = 12;

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
      udpDropped: dropped === null || this.#dropped === null ? null : Math.max(0, dropped - this.#dropped),
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
    udpDropped: usages.some(({ udpDropped }) => udpDropped === null) ? null : sum(({ udpDropped }) => udpDropped ?? 0),
  };
}

/** Of the sockets of this process alone: what the kernel drops for others on this machine is not the fault of the load test. Linux only. */
async function readUdpDropped(): Promise<number | null> {
  const tables = await Promise.all(
    ['udp', 'udp6'].map(async (table) => readFile(`/proc/self/net/${table}`, 'utf8').catch(() => '')),
  );
  const droppedBySocket = new Map(
    tables
      .flatMap((table) => table.split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields.length > DROPS_FIELD)
      .map((fields) => [fields[INODE_FIELD], Number(fields[DROPS_FIELD])]),
  );
  if (tables[0] === '') return null;
  // Others have no drops to look for, and a process has thousands of files.
  const isDropping = [...droppedBySocket.values()].some((drops) => drops > 0);
  if (!isDropping) return 0;
  const files = await readdir('/proc/self/fd').catch(() => []);
  const links = await Promise.all(files.map(async (file) => readlink(`/proc/self/fd/${file}`).catch(() => '')));
  const sockets = links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]);
  return sockets.reduce((sum, inode) => sum + (droppedBySocket.get(inode) ?? 0), 0);
}
