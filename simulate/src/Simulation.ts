import FlatQueue from 'flatqueue';
import type { Schedule } from '../../loadtest/src/arrivals.ts';
import { createRandom, type Random } from '../../loadtest/src/random.ts';
import { ClusterNode } from './ClusterNode.ts';
import { Core } from './Core.ts';
import type { Costs } from './costs.ts';
import {
  ASSUMED,
  reconnectDelayMs,
  RETRY_AFTER_MS,
  RETRY_AFTER_SPREAD,
  RETRY_ROUND_TRIPS,
  ROUND_TRIPS,
  streamOf,
  type Cluster,
  type Stream,
} from './model.ts';
import { SecondSeries, type Second } from './SecondSeries.ts';

/** What happens next to a person, in the order of the way in; the last two happen to everyone. */
const STEP = { arrive: 0, ticket: 1, socket: 2, connect: 3, handshake: 4, hear: 5, fail: 6, tick: 7 } as const;
type Step = (typeof STEP)[keyof typeof STEP];
const STEPS = 8;
/** A step that was planned before a person lost their node is not theirs any more. */
const LIVES = 64;

const ON_THE_WAY = 1;
const BEFORE_START = 2;
const LISTENING = 3;
const FAILED = 4;

const CLIENT_STEPS = 3;
const EVENTS_PER_PROGRESS = 1 << 18;

export interface Counts {
  readonly arrived: number;
  /** On their way in, told to come back, or before the start. */
  readonly waiting: number;
  readonly listening: number;
  /** No node was left for them. */
  readonly failed: number;
}

export interface Outcome {
  readonly counts: Counts;
  /** From the first tap, or from the start for who was there before, to the first packet. */
  readonly ttfaMs: readonly number[];
  /** From the failure of a node to the next packet. */
  readonly recoveryMs: readonly number[];
  /** Since the beginning; null when not everyone got in. */
  readonly everyoneInMs: number | null;
  readonly refusals: number;
  readonly firstRefusalMs: number | null;
  readonly peakPerNode: number;
  readonly seconds: readonly Second[];
  readonly nodes: readonly ClusterNode[];
  /** It was given up: more people than that were late. */
  readonly isCutShort: boolean;
}

export interface SimulationHooks {
  /** Now and then, with the simulated second and who is in. May throw to stop. */
  readonly onProgress?: (second: number, counts: Counts) => Promise<void> | void;
  /** At each second of the simulation. */
  readonly onSecond?: (counts: Counts) => void;
  /** Gives up when more than `people` have waited longer than `ms`. */
  readonly giveUp?: { readonly ms: number; readonly people: number };
}

/** A crowd on its way into a cluster, event by event. The same input and seed give the same outcome. */
export class Simulation {
  readonly #cluster: Cluster;
  readonly #costs: Costs;
  readonly #stream: Stream;
  readonly #schedule: Schedule;
  readonly #hooks: SimulationHooks;
  readonly #random: Random;
  readonly #queue = new FlatQueue();
  readonly #nodes: ClusterNode[];
  readonly #client: Core | null;
  readonly #states: Uint8Array;
  readonly #lives: Uint8Array;
  readonly #attempts: Uint8Array;
  readonly #isLate: Uint8Array;
  readonly #nodeOf: Int16Array;
  readonly #sinceMs: Float64Array;
  readonly #ttfaMs: number[] = [];
  readonly #recoveryMs: number[] = [];
  readonly #failedAtMs: number[] = [];
  readonly #hasHeard: Uint8Array;
  readonly #series = new SecondSeries();
  #nowMs = 0;
  #arrived = 0;
  #listening = 0;
  #failed = 0;
  #late = 0;
  #refusals = 0;
  #firstRefusalMs: number | null = null;
  #closedUntilMs = 0;
  #peakPerNode = 0;
  #lastHeardMs = 0;

  constructor(cluster: Cluster, costs: Costs, schedule: Schedule, seed: number, hooks: SimulationHooks = {}) {
    const people = schedule.atMs.length;
    this.#cluster = cluster;
    this.#costs = costs;
    this.#stream = streamOf(cluster, costs);
    this.#schedule = schedule;
    this.#hooks = hooks;
    this.#random = createRandom(seed);
    this.#nodes = Array.from({ length: cluster.nodes }, () => new ClusterNode(cluster, costs, this.#stream));
    this.#client = cluster.sharedCores === null ? null : new Core();
    this.#states = new Uint8Array(people);
    this.#lives = new Uint8Array(people);
    this.#attempts = new Uint8Array(people);
    this.#isLate = new Uint8Array(people);
    this.#hasHeard = new Uint8Array(people);
    this.#nodeOf = new Int16Array(people).fill(-1);
    this.#sinceMs = new Float64Array(people);
  }

  async run(): Promise<Outcome> {
    const { failures } = this.#cluster;
    if (this.#people > 0) this.#plan(0, STEP.arrive, this.#schedule.atMs[0]!);
    failures.forEach(({ atS }, index) => this.#plan(index, STEP.fail, atS * 1000));
    this.#plan(0, STEP.tick, 1000);
    const lastFailureMs = Math.max(0, ...failures.map(({ atS }) => atS * 1000));
    for (let events = 1; this.#queue.length > 0; events++) {
      const [atMs, event] = [this.#queue.peekValue()!, this.#queue.pop()!];
      this.#nowMs = atMs;
      this.#handle(event);
      const isOver = this.#listening + this.#failed === this.#people && atMs >= lastFailureMs;
      if (isOver || this.#isCutShort) break;
      if (events % EVENTS_PER_PROGRESS === 0) await this.#hooks.onProgress?.(atMs / 1000, this.#counts());
    }
    this.#observe();
    return this.#outcome();
  }

  get #people(): number {
    return this.#states.length;
  }

  get #isCutShort(): boolean {
    return this.#late > (this.#hooks.giveUp?.people ?? Infinity);
  }

  #counts(): Counts {
    const [arrived, listening, failed] = [this.#arrived, this.#listening, this.#failed];
    return { arrived, listening, failed, waiting: arrived - listening - failed };
  }

  #plan(who: number, step: Step, atMs: number): void {
    const life = step < STEP.fail ? this.#lives[who]! : 0;
    this.#queue.push((who * LIVES + life) * STEPS + step, atMs);
  }

  #planTrip(who: number, step: Step, fromMs: number, roundTrips: number): void {
    this.#plan(who, step, fromMs + roundTrips * this.#cluster.rttMs);
  }

  #handle(event: number): void {
    const step = event % STEPS;
    const rest = Math.floor(event / STEPS);
    const who = Math.floor(rest / LIVES);
    if (step < STEP.fail && rest % LIVES !== this.#lives[who]) return;
    switch (step) {
      case STEP.arrive:
        return this.#arrive(who);
      case STEP.ticket:
        return this.#askForTicket(who);
      case STEP.socket:
        return this.#openSocket(who);
      case STEP.connect:
        return this.#connect(who);
      case STEP.handshake:
        return this.#shakeHands(who);
      case STEP.hear:
        return this.#hear(who);
      case STEP.fail:
        return this.#failNode(who);
      default:
        return this.#tick();
    }
  }

  #arrive(who: number): void {
    const next = who + 1;
    if (next < this.#people) this.#plan(next, STEP.arrive, this.#schedule.atMs[next]!);
    this.#arrived += 1;
    this.#states[who] = ON_THE_WAY;
    this.#sinceMs[who] = Math.max(this.#nowMs, this.#schedule.liveMs ?? 0);
    this.#planTrip(who, STEP.ticket, this.#nowMs, ROUND_TRIPS.ticket);
  }

  #askForTicket(who: number): void {
    if (!this.#nodes.some(({ isAlive }) => isAlive)) {
      this.#states[who] = FAILED;
      this.#failed += 1;
      return;
    }
    if (this.#isSentToTheDead()) {
      const attempt = this.#attempts[who]!;
      this.#attempts[who] = Math.min(255, attempt + 1);
      const delayMs = reconnectDelayMs(attempt, this.#random);
      // At least one trip: it fails on the way.
      return this.#planTrip(who, STEP.ticket, this.#nowMs + delayMs, RETRY_ROUND_TRIPS + ROUND_TRIPS.ticket);
    }
    const index = this.#place();
    if (index === null) return this.#refuse(who);
    const node = this.#nodes[index]!;
    node.admit();
    this.#peakPerNode = Math.max(this.#peakPerNode, node.assigned);
    this.#nodeOf[who] = index;
    const doneMs = node.serveNode(this.#nowMs, ASSUMED.ticketShare, this.#slowdown(node));
    this.#planTrip(who, STEP.socket, this.#afterClient(doneMs), ROUND_TRIPS.socket);
  }

  /** In a crowd's first seconds after a failure the balancer does not know of it. */
  #isSentToTheDead(): boolean {
    const unnoticed = this.#failedAtMs.filter((atMs) => this.#nowMs < atMs + ASSUMED.detectMs).length;
    return unnoticed > 0 && this.#random() < unnoticed / this.#nodes.length;
  }

  /** The node with the fewest people among those that admit now; null when none does. */
  #place(): number | null {
    if (this.#nowMs < this.#closedUntilMs) return null;
    let best: number | null = null;
    let admitsAtMs = Infinity;
    for (const [index, node] of this.#nodes.entries()) {
      if (!node.isAlive) continue;
      const atMs = node.admitsAtMs(this.#nowMs);
      admitsAtMs = Math.min(admitsAtMs, atMs);
      if (atMs > this.#nowMs) continue;
      if (best === null || node.assigned < this.#nodes[best]!.assigned) best = index;
    }
    if (best === null) this.#closedUntilMs = admitsAtMs;
    return best;
  }

  #refuse(who: number): void {
    const alive = this.#nodes.filter(({ isAlive }) => isAlive);
    const node = alive[this.#refusals % alive.length]!;
    this.#refusals += 1;
    this.#firstRefusalMs ??= this.#nowMs;
    const doneMs = node.serveNode(this.#nowMs, ASSUMED.refusalShare, this.#slowdown(node));
    const waitMs = RETRY_AFTER_MS * (1 + RETRY_AFTER_SPREAD * this.#random());
    this.#noteLate(who, doneMs + waitMs);
    this.#planTrip(who, STEP.ticket, doneMs + waitMs, RETRY_ROUND_TRIPS);
  }

  #openSocket(who: number): void {
    const node = this.#nodes[this.#nodeOf[who]!]!;
    const doneMs = this.#afterClient(node.serveNode(this.#nowMs, ASSUMED.socketShare, this.#slowdown(node)));
    const { liveMs } = this.#schedule;
    const isBeforeStart = liveMs !== null && doneMs < liveMs;
    if (isBeforeStart) this.#states[who] = BEFORE_START;
    this.#planTrip(who, STEP.connect, isBeforeStart ? liveMs : doneMs, ROUND_TRIPS.connect);
  }

  #connect(who: number): void {
    this.#states[who] = ON_THE_WAY;
    const node = this.#nodes[this.#nodeOf[who]!]!;
    const doneMs = node.serveNode(this.#nowMs, ASSUMED.connectShare, this.#slowdown(node));
    this.#planTrip(who, STEP.handshake, doneMs, ROUND_TRIPS.handshake);
  }

  #shakeHands(who: number): void {
    const node = this.#nodes[this.#nodeOf[who]!]!;
    const doneMs = this.#afterClient(node.serveWorker(this.#nowMs, this.#slowdown(node)));
    // The next packet comes at any moment of a frame.
    this.#planTrip(who, STEP.hear, doneMs + this.#random() * this.#stream.frameMs, ROUND_TRIPS.audio);
  }

  #hear(who: number): void {
    const tookMs = this.#nowMs - this.#sinceMs[who]!;
    if (this.#hasHeard[who]) this.#recoveryMs.push(tookMs);
    else {
      this.#ttfaMs.push(tookMs);
      this.#noteLate(who, this.#nowMs);
    }
    this.#hasHeard[who] = 1;
    this.#states[who] = LISTENING;
    this.#attempts[who] = 0;
    this.#listening += 1;
    this.#lastHeardMs = this.#nowMs;
    this.#nodes[this.#nodeOf[who]!]!.startListening();
  }

  #failNode(index: number): void {
    const failed = this.#cluster.failures[index]!.node - 1;
    const node = this.#nodes[failed]!;
    if (!node.isAlive) return;
    node.fail();
    this.#failedAtMs.push(this.#nowMs);
    this.#closedUntilMs = 0;
    for (let who = 0; who < this.#people; who++) if (this.#nodeOf[who] === failed) this.#drop(who);
  }

  #drop(who: number): void {
    if (this.#states[who] === LISTENING) {
      this.#listening -= 1;
      this.#sinceMs[who] = this.#nowMs;
    }
    this.#lives[who] = (this.#lives[who]! + 1) % LIVES;
    this.#nodeOf[who] = -1;
    this.#states[who] = ON_THE_WAY;
    this.#attempts[who] = 1;
    this.#planTrip(who, STEP.ticket, this.#nowMs + reconnectDelayMs(0, this.#random), ROUND_TRIPS.ticket);
  }

  #tick(): void {
    const room = this.#listening;
    for (const node of this.#nodes) node.updatePulses(room);
    this.#observe();
    this.#hooks.onSecond?.(this.#counts());
    if (this.#queue.length > 0) this.#plan(0, STEP.tick, this.#nowMs + 1000);
  }

  #observe(): void {
    this.#series.add(this.#nowMs, this.#counts(), this.#refusals, this.#nodes, this.#stream);
  }

  #noteLate(who: number, untilMs: number): void {
    const { giveUp } = this.#hooks;
    if (!giveUp || this.#isLate[who] || untilMs - this.#sinceMs[who]! <= giveUp.ms) return;
    this.#isLate[who] = 1;
    this.#late += 1;
  }

  /** Where clients share the machine, each step is work for them too. */
  #afterClient(doneMs: number): number {
    if (!this.#client || this.#costs.joinClientMs === null) return doneMs;
    // Taken in now, so that moments do not go back; the wait for the server comes on top.
    const servedMs = this.#client.serve(this.#nowMs, this.#costs.joinClientMs / CLIENT_STEPS, 1 / this.#slowdown(null));
    return doneMs + (servedMs - this.#nowMs);
  }

  #slowdown(node: ClusterNode | null): number {
    const { sharedCores } = this.#cluster;
    if (sharedCores === null || !this.#client) return 1;
    const server = node ?? this.#nodes[0]!;
    const cores = [this.#client, server.node, ...server.workers];
    const busy = cores.filter((core) => core.isBusy(this.#nowMs)).length;
    return Math.max(1, busy / sharedCores);
  }

  #outcome(): Outcome {
    const counts = this.#counts();
    return {
      counts,
      ttfaMs: this.#ttfaMs,
      recoveryMs: this.#recoveryMs,
      everyoneInMs: counts.listening === this.#people ? this.#lastHeardMs : null,
      refusals: this.#refusals,
      firstRefusalMs: this.#firstRefusalMs,
      peakPerNode: this.#peakPerNode,
      seconds: this.#series.finish(this.#nodes),
      nodes: this.#nodes,
      isCutShort: this.#isCutShort,
    };
  }
}
