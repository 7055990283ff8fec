import { EventEmitter } from 'node:events';
import { AwaitQueue } from 'awaitqueue';
import { AppError } from '../errors.ts';
import type { RoomMix } from '../mixer/RoomMix.ts';
import { Ingest, type Downlink } from './Ingest.ts';
import { LOOPBACK } from './Lane.ts';
import type { Seat } from './Reception.ts';
import type { WorkerPool } from './WorkerPool.ts';

/** The audience's side of a room: its mix, brought to each worker that has listeners of it, and to no other. */
export class AudienceMedia extends EventEmitter<{ ingestOpened: []; ingestLost: [] }> {
  readonly mix: RoomMix;
  readonly #pool: WorkerPool;
  readonly #creation = new AwaitQueue();
  /** By the worker's index. */
  readonly #ingests = new Map<number, Ingest>();
  #closed = false;

  constructor(pool: WorkerPool, mix: RoomMix) {
    super();
    this.#pool = pool;
    this.mix = mix;
    mix.on('renumbered', () => {
      for (const ingest of this.#ingests.values()) void ingest.renumber();
    });
  }

  /** A transport for one listener, on the worker that has the most room. @throws {AppError} UNAVAILABLE */
  async seat(): Promise<Seat> {
    const { ingest, release } = await this.#hold();
    try {
      const transport = await ingest.lane.createTransport();
      transport.observer.once('close', release);
      return { source: ingest, transport };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Of each worker that has listeners of the room, what it sent them since the last call. */
  async readDownlinks(): Promise<Downlink[]> {
    return Promise.all([...this.#ingests.values()].map(async (ingest) => ingest.readDownlink()));
  }

  /** Has this node listeners of the room? */
  get hasListeners(): boolean {
    return this.#ingests.size > 0;
  }

  close(): void {
    this.#closed = true;
    for (const ingest of [...this.#ingests.values()]) ingest.close();
    this.mix.close();
  }

  /** Held before anything is waited for: the listener before may leave at any moment, and be the last. */
  async #hold(): Promise<{ ingest: Ingest; release: () => void }> {
    const known = this.#known();
    if (known) return { ingest: known, release: known.hold() };
    return this.#creation.push(async () => {
      const ingest = this.#known() ?? (await this.#open());
      return { ingest, release: ingest.hold() };
    });
  }

  #known(): Ingest | null {
    const worker = this.#pool.pickAudienceWorker(new Set(this.#ingests.keys()));
    return (worker && this.#ingests.get(worker.index)) ?? null;
  }

  async #open(): Promise<Ingest> {
    const lane = await this.#pool.createAudienceLane(new Set(this.#ingests.keys()));
    const { index } = lane.worker;
    // The worker that was chosen may have died meanwhile, and this one have an ingest already.
    const known = this.#ingests.get(index);
    if (known) {
      lane.close();
      return known;
    }
    const ingest = await Ingest.create(lane, this.mix);
    if (this.#closed || ingest.closed) {
      ingest.close();
      throw new AppError('UNAVAILABLE', 'The audience was closed meanwhile');
    }
    this.#ingests.set(index, ingest);
    ingest.once('closed', () => {
      this.#ingests.delete(index);
      this.#setOutputs();
      this.emit('ingestLost');
    });
    this.#setOutputs();
    this.emit('ingestOpened');
    return ingest;
  }

  #setOutputs(): void {
    this.mix.setOutputs([...this.#ingests.values()].map(({ port }) => ({ address: LOOPBACK, port })));
  }
}
