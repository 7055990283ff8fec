import FlatQueue from 'flatqueue';
import type { Schedule } from '@tribune/loadtest/people/arrivals.ts';
import { createRandom, type Random } from '@tribune/loadtest/random.ts';
import { reconnectDelayMs, RETRY_AFTER_SPREAD } from '@tribune/shared/ReconnectPolicy.ts';
import { Admission } from './Admission.ts';
import { ClusterNode } from './ClusterNode.ts';
import type { Costs } from './costs.ts';
import { idleMsOf, OwnMachines, type Machines, type Worker } from './Machines.ts';
import {
  ASSUMED,
  RETRY_AFTER_MS,
  RETRY_ROUND_TRIPS,
  ROUND_TRIPS,
  streamOf,
  type Cluster,
  type Stream,
} from './model.ts';
import { OneMachine } from './OneMachine.ts';
import { People, type Counts, type Patience } from './People.ts';
import { SecondSeries, type Second } from './SecondSeries.ts';

/** What happens next to a person, in the order of the way in; the last two happen to everyone. */
const STEP = {
  arrive: 0,
  ticket: 1,
  socket: 2,
  connect: 3,
  handshake: 4,
  receive: 5,
  leave: 6,
  fail: 7,
  tick: 8,
} as const;
type Step = (typeof STEP)[keyof typeof STEP];
const STEPS = 9;
/** A step that was planned before a person lost their node is not theirs any more. */
const LIVES = 64;

const MINUTE_MS = 60_000;

const EVENTS_PER_PROGRESS = 1 << 18;

/** Where nodes were full, how the others waited. */
export interface QueueOutcome {
  readonly longest: number;
  readonly longestAtMs: number;
  /** Of each person who was let in from it: how long they were in it. */
  readonly waitsMs: readonly number[];
  /** How many were in it at the end. */
  readonly left: number;
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
  readonly queue: QueueOutcome;
  /** Where cores are shared, what media and pulses take is in `usedMs` only. */
  readonly seconds: readonly Second[];
  /** CPU of the server on a machine that it shares; null where each has its own. */
  readonly usedMs: OneMachine['usedMs'] | null;
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
  readonly giveUp?: Patience;
}

/** An audience on its way into a cluster, event by event. The same input and seed give the same outcome. */
export class Simulation {
  readonly #cluster: Cluster;
  readonly #stream: Stream;
  readonly #idleMs: number;
  readonly #schedule: Schedule;
  readonly #hooks: SimulationHooks;
  readonly #random: Random;
  readonly #queue = new FlatQueue();
  readonly #nodes: readonly ClusterNode[];
  readonly #admission: Admission;
  readonly #machines: Machines;
  readonly #shared: OneMachine | null;
  readonly #people: People;
  readonly #series = new SecondSeries();
  #nowMs = 0;
  #refusals = 0;
  #firstRefusalMs: number | null = null;
  #lastHeardMs = 0;

  constructor(cluster: Cluster, costs: Costs, schedule: Schedule, seed: number, hooks: SimulationHooks = {}) {
    const { sharedCores } = cluster;
    this.#cluster = cluster;
    this.#stream = streamOf(cluster, costs);
    this.#idleMs = idleMsOf(costs, this.#stream);
    this.#schedule = schedule;
    this.#hooks = hooks;
    this.#random = createRandom(seed);
    this.#nodes = Array.from({ length: cluster.nodes }, () => new ClusterNode(cluster, costs, this.#stream));
    const { nodes, capacity, joinsPerS } = cluster;
    this.#admission = new Admission({ nodes, capacity, joinsPerS, random: this.#random });
    this.#shared = sharedCores === null ? null : new OneMachine(sharedCores, costs, this.#stream, this.#nodes[0]!);
    this.#machines = this.#shared ?? new OwnMachines(costs);
    this.#people = new People(schedule.atMs.length, hooks.giveUp);
  }

  async run(): Promise<Outcome> {
    const { failures } = this.#cluster;
    if (this.#people.count > 0) this.#plan(0, STEP.arrive, this.#schedule.atMs[0]!);
    failures.forEach(({ atS }, index) => this.#plan(index, STEP.fail, atS * 1000));
    this.#plan(0, STEP.tick, 1000);
    const lastFailureMs = Math.max(0, ...failures.map(({ atS }) => atS * 1000));
    for (let events = 1; this.#queue.length > 0; events++) {
      this.#next();
      const isOver = this.#people.isSettled && this.#nowMs >= lastFailureMs;
      if (isOver || this.#isStuck || this.#people.areTooManyLate) break;
      if (events % EVENTS_PER_PROGRESS === 0) await this.#hooks.onProgress?.(this.#nowMs / 1000, this.#people.counts);
    }
    this.#observe();
    return this.#outcome();
  }

  /** The next event, or the end of a job that somebody waits for, whichever is first. */
  #next(): void {
    const [atMs, machinesMs] = [this.#queue.peekValue()!, this.#machines.nextMs];
    this.#nowMs = Math.min(atMs, machinesMs);
    if (machinesMs <= atMs) this.#machines.advance(machinesMs);
    else this.#handle(this.#queue.pop()!);
  }

  #plan(who: number, step: Step, atMs: number): void {
    const life = step < STEP.fail ? this.#people.lifeOf(who) : 0;
    this.#queue.push((who * LIVES + life) * STEPS + step, atMs);
  }

  #planTrip(who: number, step: Step, fromMs: number, roundTrips: number): void {
    this.#plan(who, step, fromMs + roundTrips * this.#cluster.rttMs);
  }

  #handle(event: number): void {
    const step = event % STEPS;
    const rest = Math.floor(event / STEPS);
    const who = Math.floor(rest / LIVES);
    if (step < STEP.fail && rest % LIVES !== this.#people.lifeOf(who)) return;
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
      case STEP.receive:
        return this.#receive(who);
      case STEP.leave:
        return this.#leave(who);
      case STEP.fail:
        return this.#failNode(who);
      default:
        return this.#tick();
    }
  }

  #arrive(who: number): void {
    const next = who + 1;
    if (next < this.#people.count) this.#plan(next, STEP.arrive, this.#schedule.atMs[next]!);
    this.#people.arrive(who, Math.max(this.#nowMs, this.#schedule.liveMs ?? 0));
    this.#planTrip(who, STEP.ticket, this.#nowMs, ROUND_TRIPS.ticket);
  }

  #askForTicket(who: number): void {
    if (!this.#nodes.some(({ isAlive }) => isAlive)) return this.#people.fail();
    const answer = this.#admission.ask(who, this.#nowMs, this.#people.avoidedBy(who));
    if (answer.kind === 'busy') return this.#refuse(who, RETRY_AFTER_MS);
    if (answer.kind === 'wait') return this.#refuse(who, answer.retryAfterMs);
    const node = this.#nodes[answer.node]!;
    if (!node.isAlive) return this.#findDead(who, answer.node);
    node.assign();
    this.#people.place(who, answer.node);
    const { nodeMs, clientThreadMs } = this.#machines.joinCosts(who);
    this.#run(who, 'node', this.#nowMs, nodeMs * ASSUMED.ticketShare, (doneMs) =>
      this.#run(who, 'clientThread', doneMs, clientThreadMs * ASSUMED.clientStepShare, (readyMs) =>
        this.#planTrip(who, STEP.socket, readyMs, ROUND_TRIPS.socket),
      ),
    );
  }

  /** The node of their ticket does not answer. */
  #findDead(who: number, index: number): void {
    this.#people.avoid(who, index);
    const delayMs = reconnectDelayMs(this.#people.countAttempt(who), this.#random);
    // At least one trip: it fails on the way.
    this.#planTrip(who, STEP.ticket, this.#nowMs + delayMs, RETRY_ROUND_TRIPS + ROUND_TRIPS.ticket);
  }

  #refuse(who: number, retryAfterMs: number): void {
    const alive = this.#nodes.filter(({ isAlive }) => isAlive);
    // Each in turn answers.
    const node = alive[this.#refusals % alive.length]!;
    this.#refusals += 1;
    this.#firstRefusalMs ??= this.#nowMs;
    const workMs = this.#machines.joinCosts(who).nodeMs * ASSUMED.refusalShare;
    this.#machines.run(node, 'node', this.#nowMs, workMs, (doneMs) => {
      const waitMs = retryAfterMs * (1 + RETRY_AFTER_SPREAD * this.#random());
      this.#people.noteLate(who, doneMs + waitMs);
      this.#planTrip(who, STEP.ticket, doneMs + waitMs, RETRY_ROUND_TRIPS);
    });
  }

  #openSocket(who: number): void {
    this.#admission.arrive(who, this.#people.nodeOf(who), this.#nowMs);
    const { nodeMs, clientThreadMs } = this.#machines.joinCosts(who);
    this.#run(who, 'node', this.#nowMs, nodeMs * ASSUMED.socketShare, (doneMs) =>
      this.#run(who, 'clientThread', doneMs, clientThreadMs * ASSUMED.clientStepShare, (readyMs) =>
        // Who came before the start waits for it here.
        this.#planTrip(who, STEP.connect, Math.max(readyMs, this.#schedule.liveMs ?? 0), ROUND_TRIPS.connect),
      ),
    );
  }

  #connect(who: number): void {
    const workMs = this.#machines.joinCosts(who).nodeMs * ASSUMED.connectShare;
    this.#run(who, 'node', this.#nowMs, workMs, (doneMs) =>
      this.#planTrip(who, STEP.handshake, doneMs, ROUND_TRIPS.handshake),
    );
  }

  #shakeHands(who: number): void {
    const { workerMs, clientMediaMs, clientThreadMs } = this.#machines.joinCosts(who);
    this.#run(who, 'worker', this.#nowMs, workerMs, (doneMs) =>
      this.#run(who, 'clientMedia', doneMs, clientMediaMs, (connectedMs) =>
        this.#run(who, 'clientThread', connectedMs, clientThreadMs * ASSUMED.clientStepShare, (readyMs) =>
          // The next packet comes at any moment of a frame.
          this.#planTrip(
            who,
            STEP.receive,
            readyMs + this.#idleMs + this.#random() * this.#stream.frameMs,
            ROUND_TRIPS.audio,
          ),
        ),
      ),
    );
  }

  /** The packet is there; where many clients share a thread, it is read when its turn comes. */
  #receive(who: number): void {
    this.#run(who, 'clientThread', this.#nowMs, 0, (doneMs) => {
      this.#people.hear(who, doneMs);
      this.#lastHeardMs = doneMs;
      this.#nodeOf(who).startListening();
      const { leavePct } = this.#cluster;
      if (leavePct > 0) this.#plan(who, STEP.leave, doneMs + stayMs(leavePct, this.#random));
    });
  }

  #leave(who: number): void {
    const index = this.#people.nodeOf(who);
    this.#nodes[index]!.stopListening();
    this.#admission.leave(index);
    this.#people.leave(who);
  }

  #failNode(index: number): void {
    const failed = this.#cluster.failures[index]!.node - 1;
    const node = this.#nodes[failed]!;
    if (!node.isAlive) return;
    node.fail();
    this.#admission.fail(failed, this.#nowMs);
    for (let who = 0; who < this.#people.count; who++) if (this.#people.nodeOf(who) === failed) this.#drop(who);
  }

  #drop(who: number): void {
    this.#people.drop(who, this.#nowMs);
    this.#planTrip(who, STEP.ticket, this.#nowMs + reconnectDelayMs(0, this.#random), ROUND_TRIPS.ticket);
  }

  #tick(): void {
    const { counts } = this.#people;
    for (const node of this.#nodes) node.updatePulses(counts.listening);
    this.#observe();
    this.#hooks.onSecond?.(counts);
    const hasMore = this.#queue.length > 0 || this.#machines.nextMs < Infinity;
    if (hasMore) this.#plan(0, STEP.tick, this.#nowMs + 1000);
  }

  #observe(): void {
    this.#series.add(this.#nowMs, this.#people.counts, this.#refusals, this.#nodes, this.#stream);
  }

  /** Everyone has come, those who are not in are in the queue, and nobody leaves: nothing changes any more. */
  get #isStuck(): boolean {
    const { arrived, waiting } = this.#people.counts;
    const isQueue = waiting > 0 && waiting === this.#admission.queued && arrived === this.#people.count;
    return isQueue && this.#cluster.leavePct === 0 && this.#admission.free === 0;
  }

  #run(who: number, by: Worker, fromMs: number, workMs: number, onDone: (doneMs: number) => void): void {
    this.#machines.run(this.#nodeOf(who), by, fromMs, workMs, onDone);
  }

  #nodeOf(who: number): ClusterNode {
    return this.#nodes[this.#people.nodeOf(who)]!;
  }

  #outcome(): Outcome {
    const { counts, ttfaMs, recoveryMs, areTooManyLate } = this.#people;
    return {
      counts,
      ttfaMs,
      recoveryMs,
      everyoneInMs: counts.listening + counts.left === this.#people.count ? this.#lastHeardMs : null,
      refusals: this.#refusals,
      firstRefusalMs: this.#firstRefusalMs,
      peakPerNode: this.#admission.peakPerNode,
      queue: { ...this.#admission.queueHistory, left: this.#admission.queued },
      seconds: this.#series.finish(this.#nodes),
      usedMs: this.#shared?.usedMs ?? null,
      nodes: this.#nodes,
      isCutShort: areTooManyLate,
    };
  }
}

/** Drawn so that `leavePct` of a hundred leave within a minute. */
function stayMs(leavePct: number, random: Random): number {
  return (-Math.log(1 - random()) * MINUTE_MS * 100) / leavePct;
}
