import { AwaitQueue } from 'awaitqueue';
import type { RoomMix } from '../mixer/Mixer.ts';
import type { MixSource } from '../mixer/mixerMessages.ts';
import { MixGate, type GateLink, type GateOffer } from './MixGate.ts';
import { MixUplink } from './MixUplink.ts';
import type { WorkerPool } from './WorkerPool.ts';

export interface WantedGate {
  readonly id: string;
  readonly offer: GateOffer;
}

/** What was heard before the stage moved, until the voices have followed: longer than that takes. */
export const HANDOVER_MS = 5000;

/** How the mix of one room gets to other nodes when this one is its home, and here when it is not. */
export class MixLinks {
  readonly #pool: WorkerPool;
  readonly #mix: RoomMix;
  readonly #onOutput: () => void;
  readonly #queue = new AwaitQueue();
  #uplink: MixUplink | null = null;
  #uplinkTimer: NodeJS.Timeout | undefined;
  #gate: MixGate | null = null;
  #isOpen = false;
  /** Null between two homes. */
  #source: MixSource | null = { kind: 'mix' };
  /** What was heard before, and the gate that it comes through, if it comes from elsewhere. */
  #past: { readonly source: MixSource | null; readonly gate: MixGate | null } | null = null;
  #pastTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param onOutput the mixer has to send the mix elsewhere too, see `output` */
  constructor(pool: WorkerPool, mix: RoomMix, onOutput: () => void) {
    this.#pool = pool;
    this.#mix = mix;
    this.#onOutput = onOutput;
  }

  /** A port of this machine that the mix goes to for other nodes. */
  get output(): number | null {
    return this.#uplink && !this.#uplink.closed ? this.#uplink.port : null;
  }

  /** The stage is here now: the mix is made here. */
  makeHere(): void {
    clearTimeout(this.#uplinkTimer);
    this.#retire();
    this.#source = { kind: 'mix' };
    this.#setSources();
  }

  /** The stage is on another node, or on another one than before. */
  takeFromElsewhere(): void {
    this.#retire();
    this.#setSources();
    clearTimeout(this.#uplinkTimer);
    this.#uplinkTimer = setTimeout(() => this.#dropUplink(), HANDOVER_MS).unref();
  }

  /** Where the mix has to be sent for this node. @throws {AppError} UNAVAILABLE */
  async want(address: string): Promise<WantedGate> {
    return this.#queue.push(async () => {
      if (!this.#gate || this.#gate.closed) {
        this.#isOpen = false;
        this.#gate = this.#kept(await MixGate.create(await this.#pool.createStageLane(), this.#mix));
      }
      return { id: this.#gate.id, offer: this.#gate.offer(address) };
    });
  }

  /** The home sends it. @returns whether another gate is wanted, since this one has been opened before */
  async open(gateId: string, link: GateLink): Promise<{ readonly again: boolean }> {
    return this.#queue.push(async () => {
      if (this.#gate?.id !== gateId || this.#gate.closed) return { again: false };
      if (this.#isOpen) {
        this.#retire();
        return { again: true };
      }
      this.#isOpen = true;
      this.#source = await this.#gate.open(link);
      this.#setSources();
      return { again: false };
    });
  }

  /** Sends the mix to these gates and no others. @returns the links to those that are new */
  async serve(gates: readonly WantedGate[]): Promise<{ readonly gateId: string; readonly link: GateLink }[]> {
    return this.#queue.push(async () => {
      if (gates.length === 0) {
        this.#dropUplink();
        return [];
      }
      if (!this.#uplink || this.#uplink.closed) {
        this.#uplink = this.#kept(await MixUplink.create(await this.#pool.createStageLane(), this.#mix));
        this.#onOutput();
      }
      const uplink = this.#uplink;
      uplink.keepOnly(new Set(gates.map(({ id }) => id)));
      const links = [];
      for (const { id, offer } of gates)
        if (!uplink.has(id)) links.push({ gateId: id, link: await uplink.link(id, offer) });
      return links;
    });
  }

  /** The mixer was replaced. */
  async renumber(): Promise<void> {
    await this.#uplink?.renumber();
  }

  close(): void {
    this.#closed = true;
    this.#retire();
    this.#forget();
    clearTimeout(this.#uplinkTimer);
    this.#dropUplink();
  }

  #kept<T extends MixGate | MixUplink>(made: T): T {
    if (this.#closed) made.close();
    return made;
  }

  /** What is heard goes on for a while, until someone speaks in what comes next. */
  #retire(): void {
    this.#forget();
    this.#past = { source: this.#source, gate: this.#gate };
    this.#source = null;
    this.#gate = null;
    this.#pastTimer = setTimeout(() => this.#forget(), HANDOVER_MS).unref();
  }

  #forget(): void {
    clearTimeout(this.#pastTimer);
    if (!this.#past) return;
    this.#past.gate?.close();
    this.#past = null;
    if (!this.#closed) this.#setSources();
  }

  #setSources(): void {
    this.#mix.setSources([this.#source, this.#past?.source ?? null].filter((source) => source !== null));
  }

  #dropUplink(): void {
    if (!this.#uplink) return;
    this.#uplink.close();
    this.#uplink = null;
    this.#onOutput();
  }
}
