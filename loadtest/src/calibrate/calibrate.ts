import { setTimeout as delay } from 'node:timers/promises';
import { ProcessMonitor, type ProcessUsage } from '../ProcessMonitor.ts';
import { FULL, type ListenerKind } from '../hearing/kinds.ts';
import { BUSY_PCT, LATE_MS } from '../report/limit.ts';
import { HearingRecord } from '../hearing/HearingRecord.ts';
import { Reception } from '../media/Reception.ts';
import { difference, lostOf, round } from '../hearing/stats.ts';
import { BareSfu } from './BareSfu.ts';

/** So that a process is full before it has thousands of connections: each listener stands for nine of a mix. */
const VOICES = 3;
const CONNECTING_AT_ONCE = 8;
const SETTLE_MS = 500;
const CONNECT_MS = 10_000;
/** Above it, some packets found nobody who read them. */
const MAX_LOST_PCT = 0.1;

export interface CalibrationSize {
  /** Listeners added from one measurement to the next. */
  readonly step: number;
  readonly windowMs: number;
  /** For each kind of listener, at most. */
  readonly limitMs: number;
}

export const FULL_SIZE: CalibrationSize = { step: 40, windowMs: 2000, limitMs: 28_000 };

/** Why it was not driven any further: the last is the bare SFU's own limit, or the time's, and not the load test's. */
export type Stop = 'cpu' | 'late' | 'dropped' | 'lost' | 'sfu' | 'time';

/** What one process of the load test takes with listeners of one kind. */
export interface Calibration {
  readonly kind: 'light' | 'full';
  /** Received in the last step in which the process kept up. */
  readonly packetsPerSecond: number;
  readonly cpuUsPerPacket: number;
  readonly joinCpuMs: number;
  readonly stop: Stop;
}

/**
 * Drives this process to its limit against a bare SFU on the same machine, once for each kind of listener.
 * @throws the reason of `signal`
 */
export async function calibrate(
  workerBin: string,
  { size, signal, onStep }: { size: CalibrationSize; signal: AbortSignal; onStep: (text: string) => void },
): Promise<Calibration[]> {
  const results: Calibration[] = [];
  for (const kind of ['light', 'full'] as const) {
    const sfu = await BareSfu.create(workerBin, VOICES);
    const audience = new BareAudience(sfu, { ...FULL, isFull: kind === 'full' });
    try {
      results.push({ kind, ...(await drive(audience, size, signal, (text) => onStep(`${kind}: ${text}`))) });
    } finally {
      audience.close();
      await sfu.close();
    }
  }
  return results;
}

async function drive(
  audience: BareAudience,
  size: CalibrationSize,
  signal: AbortSignal,
  onStep: (text: string) => void,
) {
  const deadline = performance.now() + size.limitMs;
  let best = { packetsPerSecond: 0, cpuUsPerPacket: 0, joinCpuMs: 0 };
  let steadyCpuPct = 0;
  for (;;) {
    signal.throwIfAborted();
    const joinCpuMs = await audience.join(size.step, steadyCpuPct);
    await delay(SETTLE_MS, undefined, { signal });
    const step = await audience.measure(size.windowMs, signal);
    const { usage, packets, seconds } = step;
    steadyCpuPct = usage.cpuPct;
    const packetsPerSecond = round(packets / seconds, 0);
    onStep(`${audience.count} listeners, ${packetsPerSecond} packets/s, ${round(usage.cpuPct, 0)} % of a core`);
    const cpuUsPerPacket = round((usage.cpuPct * 1e4 * seconds) / Math.max(1, packets), 2);
    const now = { packetsPerSecond, cpuUsPerPacket, joinCpuMs: round(joinCpuMs, 2) };
    const stop = stopOf(step);
    // Where even the first step is too much, that is all there is to tell.
    if (!stop || best.packetsPerSecond === 0) best = now;
    if (stop) return { ...best, stop };
    if (performance.now() > deadline) return { ...best, stop: 'time' as const };
  }
}

interface Step {
  readonly usage: ProcessUsage;
  readonly sfuCpuPct: number;
  readonly packets: number;
  readonly lostPct: number;
  readonly seconds: number;
}

function stopOf({ usage, sfuCpuPct, lostPct }: Step): Stop | null {
  if (usage.cpuPct >= BUSY_PCT) return 'cpu';
  if (sfuCpuPct >= BUSY_PCT) return 'sfu';
  if (usage.eventLoopDelayMs.p99 >= LATE_MS) return 'late';
  if ((usage.udpDropped ?? 0) > 0) return 'dropped';
  return lostPct > MAX_LOST_PCT ? 'lost' : null;
}

/** Listeners without tickets and sockets: media alone. */
class BareAudience {
  readonly #sfu: BareSfu;
  readonly #kind: ListenerKind;
  readonly #receptions: Reception[] = [];
  readonly #record = new HearingRecord();

  constructor(sfu: BareSfu, kind: ListenerKind) {
    this.#sfu = sfu;
    this.#kind = kind;
  }

  get count(): number {
    return this.#receptions.length;
  }

  /** @returns CPU for each in ms, less what those already in cost meanwhile */
  async join(count: number, steadyCpuPct: number): Promise<number> {
    const monitor = new ProcessMonitor();
    await monitor.start();
    const startedMs = performance.now();
    let left = count;
    const work = async () => {
      while (left-- > 0) await this.#connectOne();
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, work));
    const elapsedMs = performance.now() - startedMs;
    const { cpuPct } = await monitor.stop();
    return Math.max(0, ((cpuPct - steadyCpuPct) / 100) * elapsedMs) / count;
  }

  async measure(windowMs: number, signal: AbortSignal): Promise<Step> {
    const monitor = new ProcessMonitor();
    const before = this.#counts();
    const sfuBefore = await this.#sfu.ask('cpuSeconds');
    await monitor.start();
    const startedMs = performance.now();
    await delay(windowMs, undefined, { signal });
    const usage = await monitor.stop();
    const seconds = (performance.now() - startedMs) / 1000;
    const counts = difference(before, this.#counts());
    const sfuCpuPct = (100 * ((await this.#sfu.ask('cpuSeconds')) - sfuBefore)) / seconds;
    const lostPct = (100 * lostOf(counts)) / Math.max(1, counts.expected);
    return { usage, sfuCpuPct, packets: counts.received, lostPct, seconds };
  }

  close(): void {
    for (const reception of this.#receptions) reception.close();
  }

  #counts() {
    return this.#record.counts();
  }

  async #connectOne(): Promise<void> {
    const info = await this.#sfu.ask('add');
    const connectTransport: ConstructorParameters<typeof Reception>[2]['connectTransport'] = async (id, dtls) =>
      this.#sfu.ask('connect', id, dtls);
    const reception = new Reception(`Listener ${this.count}`, info, { connectTransport }, this.#kind, this.#record);
    this.#receptions.push(reception);
    await reception.connect(CONNECT_MS);
  }
}
