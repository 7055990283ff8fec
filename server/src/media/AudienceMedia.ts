import { EventEmitter } from 'node:events';
import { AwaitQueue } from 'awaitqueue';
import type { RoomMix } from '../mixer/Mixer.ts';
import { Ingest, type Downlink } from './Ingest.ts';
import { LOOPBACK } from './Lane.ts';
import { MixLinks } from './MixLinks.ts';
import type { Seat } from './Reception.ts';
import type { WorkerPool } from './WorkerPool.ts';

/** The audience's side of a room: its mix, brought to each worker that has listeners of it, and to no other. */
export class AudienceMedia extends EventEmitter<{ ingestOpened: []; ingestLost: [] }> {
  readonly #pool: WorkerPool;
  readonly #mix: RoomMix;
  /** To and from other nodes. */
  readonly links: MixLinks;
  readonly #creation = new AwaitQueue();
  readonly #ingests = new Map<number, Ingest>();

  constructor(pool: WorkerPool, mix: RoomMix) {
    super();
    this.#pool = pool;
    this.#mix = mix;
    this.links = new MixLinks(pool, mix, () => this.#setOutputs());
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

  /** The mixer was replaced. */
  async renumber(): Promise<void> {
    await Promise.all([this.links, ...this.#ingests.values()].map(async (taker) => taker.renumber()));
  }

  /** Has this node listeners of the room? */
  get hasListeners(): boolean {
    return this.#ingests.size > 0;
  }

  close(): void {
    this.links.close();
    for (const ingest of [...this.#ingests.values()]) ingest.close();
    this.#mix.close();
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
    const ingest = await Ingest.create(lane, this.#mix);
    const { index } = lane.worker;
    this.#ingests.set(index, ingest);
    ingest.once('closed', () => {
      if (this.#ingests.get(index) === ingest) this.#ingests.delete(index);
      this.#setOutputs();
      this.emit('ingestLost');
    });
    this.#setOutputs();
    this.emit('ingestOpened');
    return ingest;
  }

  #setOutputs(): void {
    const listeners = [...this.#ingests.values()].map(({ port }) => ({ address: LOOPBACK, port }));
    const { output } = this.links;
    const nodes = output === null ? [] : [{ address: LOOPBACK, port: output, outward: true }];
    this.#mix.setOutputs([...listeners, ...nodes]);
  }
}
