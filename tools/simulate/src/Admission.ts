import type { Random } from '@tribune/loadtest/random.ts';
import { PeopleQueue } from './PeopleQueue.ts';
import { Timeouts } from './Timeouts.ts';

/** As the server has them, in `server/src/admission/Admission.ts` and `server/src/cluster/nodeScripts.ts`. */
export const NODE_LIFE_MS = 4000;
const RESERVATION_MS = 10_000;
const PLACE_LIFE_MS = 15_000;
const RETRY_MIN_S = 2;
const RETRY_MAX_S = 8;
const AHEAD_PER_RETRY_SECOND = 100;

/** What a person who asks for a ticket is told. */
export type Answer =
  | { readonly kind: 'node'; readonly node: number }
  /** There are places, and each node that has some has let in as many as it can bear this second. */
  | { readonly kind: 'busy' }
  /** Every node is full; place 1 is next. */
  | { readonly kind: 'wait'; readonly place: number; readonly retryAfterMs: number };

export interface AdmissionOptions {
  readonly nodes: number;
  /** NODE_CAPACITY of each node; `Infinity` where no node is ever full. */
  readonly capacity: number;
  /** JOINS_PER_S of each node; `Infinity` where nobody is told to come back. */
  readonly joinsPerS: number;
  readonly random: Random;
}

/** What all nodes know of a node; a dead one is listed until it is missed. */
interface ListedNode {
  readonly index: number;
  listeners: number;
  /** People who have a ticket and have not arrived. */
  coming: number;
  /** Let in within the current second. */
  joins: number;
  listedUntilMs: number;
}

interface Reservation {
  readonly who: number;
  readonly node: ListedNode;
}

interface InQueue {
  readonly sinceMs: number;
  askedMs: number;
}

/**
 * Who is let in and where, as the server decides it: the better of two nodes drawn at random among those with a place and with
 * joins left this second, a place that is kept for 10 s, and a queue in the order of coming when all are full.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #nodes: readonly ListedNode[];
  #listed: readonly ListedNode[];
  readonly #reservations = new Timeouts<Reservation>(RESERVATION_MS);
  readonly #reservationOf = new Map<number, Reservation>();
  readonly #queue = new PeopleQueue();
  readonly #inQueue = new Map<number, InQueue>();
  readonly #questions = new Timeouts<{ readonly who: number; readonly askedMs: number }>(PLACE_LIFE_MS);
  readonly #queueWaitsMs: number[] = [];
  /** Nodes that may let in the person who asks: one array for all questions. */
  readonly #ready: ListedNode[] = [];
  #second = -1;
  #peakPerNode = 0;
  #longest = 0;
  #longestAtMs = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#nodes = Array.from({ length: options.nodes }, (_, index) => ({
      index,
      listeners: 0,
      coming: 0,
      joins: 0,
      listedUntilMs: Infinity,
    }));
    this.#listed = this.#nodes;
  }

  /** Most people that a node had or expected at any time. */
  get peakPerNode(): number {
    return this.#peakPerNode;
  }

  /** How many are in the queue now. */
  get queued(): number {
    return this.#queue.size;
  }

  /** How many more people would get a place. */
  get free(): number {
    return this.#findReady(null);
  }

  /** How long the queue was at most, and how long each person was in it who was let in from it. */
  get queueHistory() {
    return { longest: this.#longest, longestAtMs: this.#longestAtMs, waitsMs: this.#queueWaitsMs };
  }

  /** @param avoid a node that did not answer this person; null for none */
  ask(who: number, nowMs: number, avoid: number | null = null): Answer {
    this.#proceed(nowMs);
    const kept = this.#reservationOf.get(who)?.node;
    if (kept && kept.index !== avoid && kept.listedUntilMs > nowMs) return { kind: 'node', node: kept.index };
    const hasOther = this.#listed.some(({ index }) => index !== avoid);
    const free = this.#findReady(hasOther ? avoid : null);
    const rank = this.#queue.rankOf(who);
    if (rank >= free) return this.#wait(who, rank, nowMs);
    if (this.#ready.length > 0) return { kind: 'node', node: this.#letIn(who, nowMs) };
    this.#noteQuestion(who, nowMs);
    return { kind: 'busy' };
  }

  /** A person with a ticket has reached their node, and is its listener from now on. */
  arrive(who: number, index: number, nowMs: number): void {
    this.#proceed(nowMs);
    const node = this.#nodes[index]!;
    if (this.#reservationOf.get(who)?.node === node) this.#endReservation(who, node);
    node.listeners += 1;
    this.#notePeak(node);
  }

  /** A listener leaves. */
  leave(index: number): void {
    this.#nodes[index]!.listeners -= 1;
  }

  /** The node dies. People are sent there until it is missed. */
  fail(index: number, nowMs: number): void {
    this.#nodes[index]!.listedUntilMs = nowMs + NODE_LIFE_MS;
  }

  /** What time does: seconds begin, dead nodes are missed, and reservations and places in the queue lapse. */
  #proceed(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) for (const node of this.#nodes) node.joins = 0;
    this.#second = second;
    if (this.#listed.some(({ listedUntilMs }) => listedUntilMs <= nowMs)) {
      this.#listed = this.#listed.filter(({ listedUntilMs }) => listedUntilMs > nowMs);
    }
    for (let lapsed = this.#reservations.take(nowMs); lapsed; lapsed = this.#reservations.take(nowMs)) {
      if (this.#reservationOf.get(lapsed.who) === lapsed) this.#endReservation(lapsed.who, lapsed.node);
    }
    for (let last = this.#questions.take(nowMs); last; last = this.#questions.take(nowMs)) {
      if (this.#inQueue.get(last.who)?.askedMs === last.askedMs) this.#leaveQueue(last.who);
    }
  }

  /** Finds the nodes that can let somebody in this second. @returns how many places are free, also on the other nodes */
  #findReady(avoid: number | null): number {
    const { capacity, joinsPerS } = this.#options;
    this.#ready.length = 0;
    let free = 0;
    for (const node of this.#listed) {
      const places = capacity - node.listeners - node.coming;
      if (node.index === avoid || places <= 0) continue;
      free += places;
      if (node.joins < joinsPerS) this.#ready.push(node);
    }
    return free;
  }

  #letIn(who: number, nowMs: number): number {
    const [one, other] = [this.#draw(), this.#draw()];
    const node = one.listeners + one.coming <= other.listeners + other.coming ? one : other;
    const before = this.#reservationOf.get(who);
    if (before) this.#endReservation(who, before.node);
    const reservation = { who, node };
    this.#reservationOf.set(who, reservation);
    this.#reservations.add(reservation, nowMs);
    node.coming += 1;
    node.joins += 1;
    this.#notePeak(node);
    const place = this.#inQueue.get(who);
    if (place) this.#queueWaitsMs.push(nowMs - place.sinceMs);
    this.#leaveQueue(who);
    return node.index;
  }

  #draw(): ListedNode {
    return this.#ready[Math.floor(this.#options.random() * this.#ready.length)]!;
  }

  #wait(who: number, rank: number, nowMs: number): Answer {
    if (!this.#queue.has(who)) {
      this.#queue.join(who);
      this.#inQueue.set(who, { sinceMs: nowMs, askedMs: nowMs });
    }
    this.#noteQuestion(who, nowMs);
    if (this.queued > this.#longest) [this.#longest, this.#longestAtMs] = [this.queued, nowMs];
    const place = rank + 1;
    const retryAfterS = Math.min(RETRY_MIN_S + Math.floor(place / AHEAD_PER_RETRY_SECOND), RETRY_MAX_S);
    return { kind: 'wait', place, retryAfterMs: retryAfterS * 1000 };
  }

  /** Keeps the place of a person who is in the queue. */
  #noteQuestion(who: number, nowMs: number): void {
    const place = this.#inQueue.get(who);
    if (!place) return;
    place.askedMs = nowMs;
    this.#questions.add({ who, askedMs: nowMs }, nowMs);
  }

  #leaveQueue(who: number): void {
    this.#queue.leave(who);
    this.#inQueue.delete(who);
  }

  #endReservation(who: number, node: ListedNode): void {
    this.#reservationOf.delete(who);
    node.coming -= 1;
  }

  #notePeak({ listeners, coming }: ListedNode): void {
    this.#peakPerNode = Math.max(this.#peakPerNode, listeners + coming);
  }
}
