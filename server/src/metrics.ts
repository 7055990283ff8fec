import { readFile } from 'node:fs/promises';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { WorkerPool, WorkerUsage } from './media/WorkerPool.ts';
import type { RoomManager } from './rooms/RoomManager.ts';

const PAGE_BYTES = 4096;

/** What Prometheus reads: units in the names, no label that grows with rooms or people. */
export class Metrics {
  readonly registry = new Registry();
  readonly joins: Counter<'outcome'>;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.joins = new Counter({
      name: 'tribune_joins_total',
      help: 'Connections asked for, by outcome: joined, or the code of the refusal.',
      labelNames: ['outcome'],
      registers,
    });
  }

  watchRooms(rooms: RoomManager): void {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    const open = () => [...rooms.rooms.values()];
    gauge('tribune_rooms', 'Open rooms.', () => rooms.rooms.size);
    gauge('tribune_listeners', 'Connected people in the audience.', () =>
      open().reduce((n, room) => n + room.audienceCount, 0),
    );
    gauge('tribune_stage_members', 'People on stage, those away included.', () =>
      open().reduce((n, room) => n + room.record.stage.size, 0),
    );
  }

  watchWorkers(pool: WorkerPool): void {
    const registers = [this.registry];
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
