import { readFile } from 'node:fs/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { WorkerUsage } from '../media/MediaWorker.ts';
import type { WorkerPool } from '../media/WorkerPool.ts';

const PAGE_BYTES = 4096;

/** What each media worker carries and consumes. */
export function watchWorkers(pool: WorkerPool, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'tribune_worker_listeners',
    help: 'Listeners whose media each worker carries.',
    labelNames: ['worker'],
    registers,
    async collect() {
      const usages = await pool.getUsage();
      this.reset();
      for (const { index, listeners } of usages) this.set({ worker: index }, listeners);
    },
  });
  new Gauge({
    name: 'tribune_worker_resident_memory_bytes',
    help: 'Resident memory of each media worker.',
    labelNames: ['worker'],
    registers,
    async collect() {
      const usages = await pool.getUsage();
      this.reset();
      for (const usage of usages) this.set({ worker: usage.index }, await residentBytes(usage));
    },
  });
  const deaths = new Counter({
    name: 'tribune_worker_deaths_total',
    help: 'Media workers that died.',
    registers,
  });
  pool.on('died', () => deaths.inc());
  new Gauge({
    name: 'tribune_workers_alive',
    help: 'Media workers that run.',
    registers,
    collect() {
      this.set(pool.aliveCount);
    },
  });
  const clock = new CpuClock();
  new Counter({
    name: 'tribune_worker_cpu_seconds_total',
    help: 'User and system CPU time of each media worker, those that died included as far as they were last read.',
    labelNames: ['worker'],
    registers,
    async collect() {
      const usages = await pool.getUsage();
      this.reset();
      for (const usage of usages) this.inc({ worker: usage.index }, clock.total(usage));
    },
  });
}

/** CPU time of worker slots, which goes on when a worker is replaced by one whose own clock starts anew. */
class CpuClock {
  readonly #slots = new Map<number, { pid: number; seconds: number; before: number }>();

  total({ index, pid, cpuSeconds }: WorkerUsage): number {
    const last = this.#slots.get(index);
    const before = !last || last.pid === pid ? (last?.before ?? 0) : last.before + last.seconds;
    this.#slots.set(index, { pid, seconds: cpuSeconds, before });
    return before + cpuSeconds;
  }
}

/** From /proc, where there is one. */
async function residentBytes({ pid }: WorkerUsage): Promise<number> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '');
  return Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES;
}
