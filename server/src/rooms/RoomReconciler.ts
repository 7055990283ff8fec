import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '@tribune/shared/domain.ts';
import type { CloseReason } from '@tribune/shared/errors.ts';
import type { ClusterContext } from '../cluster/ClusterContext.ts';
import { RoomChannel } from '../cluster/RoomChannel.ts';
import type { Answer, Question, RoomMessage } from '../cluster/roomMessages.ts';
import { RoomReports } from '../cluster/RoomReports.ts';
import { StageHome } from '../cluster/StageHome.ts';
import type { Logger } from '../logger.ts';
import { placedIn, type RoomRecord } from '../store/RoomRecord.ts';
import { NotHomeError, type RoomStore, type Transition } from '../store/RoomStore.ts';
import { decide, type Plan, type RoomView } from './decide.ts';
import { AbsenceTimer, endsInS, type Graces } from './graces.ts';
import type { Peer } from './Peer.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { Reactions } from './Reactions.ts';
import type { RoomMediaController } from './RoomMediaController.ts';
import type { RoomNotifier } from './RoomNotifier.ts';
import { RoomRecordCache } from './RoomRecordCache.ts';
import { Whereabouts } from './Whereabouts.ts';

/** An application of a plan that takes longer waits for a worker that hangs: the next one does not wait for it. */
const APPLY_LIMIT_MS = 5000;

interface RoomReconcilerOptions {
  readonly record: RoomRecord;
  readonly store: RoomStore;
  readonly cluster: ClusterContext;
  readonly peers: PeerRegistry;
  readonly media: RoomMediaController;
  readonly notifier: RoomNotifier;
  readonly reactions: Reactions;
  readonly graces: Graces;
  readonly logger: Logger;
  /** What this node answers to questions of others. */
  readonly reply: (question: Question) => Answer;
}

/** What came of a transition, and through whom. */
interface Change extends Transition {
  readonly actor: Person | null;
}

/**
 * Keeps one room of this node as it should be: `RoomView → decide → Plan → apply`. The view is what is known now (the record, the
 * lease of the home, the reports of other nodes, the people here); the plan follows from it alone; applying it is serial and
 * idempotent. Whatever happens, the next look a second later puts right, so that no message matters by itself.
 */
export class RoomReconciler extends EventEmitter<{ closed: [CloseReason]; reactions: [count: number] }> {
  readonly home: StageHome;
  readonly reports: RoomReports;
  readonly records: RoomRecordCache;
  readonly channel: RoomChannel;
  readonly #options: RoomReconcilerOptions;
  readonly #absences = new AbsenceTimer();
  readonly #whereabouts: Whereabouts;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #isTicking = false;
  #isFailing = false;
  #closed = false;

  constructor(options: RoomReconcilerOptions) {
    super();
    this.#options = options;
    const { record, store, cluster, logger, reply, media } = options;
    const { nodeId, redis, bus } = cluster;
    this.home = new StageHome({ redis, roomId: record.id, nodeId });
    this.reports = new RoomReports((id) => cluster.findNode(id) !== undefined);
    this.records = new RoomRecordCache({ record, store, logger, fence: () => this.home.fence });
    this.channel = new RoomChannel(bus, record.id, reply);
    const { peers } = options;
    this.#whereabouts = new Whereabouts({ roomId: record.id, nodeId, store, peers, logger });
    this.#whereabouts.on('arrived', (userId) => this.channel.publish({ type: 'entered', userId }));
    this.channel.on('message', (message) => void this.#handle(message));
    this.channel.on('echo', () => this.reports.noteEcho());
    // The home has to hear at once where the mix is wanted.
    media.on('endpointChanged', () => this.publishReport());
  }

  get record(): RoomRecord {
    return this.records.record;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** In how many seconds the room ends since nobody could lead it; null where that is not so, or not soon. */
  get endsInS(): number | null {
    return endsInS(this.#absences.leaderlessMs, this.#options.graces);
  }

  /**
   * Takes over what this node has changed; resolves when it holds, and everyone here is told.
   * @param isWritten false where the store does not know it yet: the other nodes have it from the report
   */
  async take(change: Change, { isWritten = true } = {}): Promise<void> {
    if (!(await this.#takeOver(change))) return;
    if (!isWritten) return this.publishReport();
    const { actor, effects } = change;
    this.channel.publish({
      type: 'changed',
      seq: this.record.seq,
      actor: actor && personOf(actor),
      effects: [...effects],
    });
  }

  /** Puts the room in line with what is known now. Resolves when that is done; many calls at once are one or two runs. */
  async reconcile(): Promise<void> {
    this.#next ??= this.#running.then(async () => {
      this.#next = null;
      this.#running = this.#apply().catch((error: unknown) =>
        this.#options.logger.error({ err: error }, 'A plan failed'),
      );
      await this.#running;
    });
    return this.#next;
  }

  /** Renews, takes or looks after the lease of the home. @throws {AppError} UNAVAILABLE */
  async claim({ eager = false } = {}): Promise<void> {
    const before = this.home.known;
    const lookOnly = this.#options.cluster.isDraining();
    const { seq, wasLost } = await this.home.claim({ eager, lookOnly });
    // Also a number that has gone down: the store has come back older than it was.
    if (seq !== this.record.seq || wasLost) this.records.markStale();
    const { known } = this.home;
    if (known?.nodeId === before?.nodeId) return;
    this.#options.logger.info({ home: known }, 'The room has another home');
    await this.reconcile();
  }

  /** Once a second. What fails is tried again at the next. */
  async tick(): Promise<void> {
    if (this.#closed || this.#isTicking) return;
    this.#isTicking = true;
    try {
      await this.claim();
      if (this.records.isStale) await this.#refresh();
      await this.#write();
      if (this.reports.all.length > 0) await this.#whereabouts.tick();
      await this.#whereabouts.forgetLeft();
      this.#isFailing = false;
    } catch (error) {
      // Another node has become the home since this one last heard; the next look tells.
      const isMoving = error instanceof NotHomeError;
      if (!this.#isFailing && !isMoving)
        this.#options.logger.warn({ err: error }, 'The room could not be kept up; trying again');
      this.#isFailing ||= !isMoving;
    } finally {
      this.#isTicking = false;
    }
    this.#options.peers.dropAbsent(this.#options.graces.stageMs);
    await this.reconcile();
    this.publishReport();
  }

  /** Tells the other nodes how the room is here. */
  publishReport(): void {
    const { peers, media, reactions } = this.#options;
    if (this.#closed) return;
    const report = {
      ...this.#heading(),
      isOpen: true,
      listeners: peers.audienceCount + media.live.audience.count,
      present: peers.presentCount,
      faces: [...peers.faces],
      placed: placedIn(this.record).filter((userId) => peers.present(userId)),
      reactions: reactions.totals,
      // Of the home, too: the one before it sends on what its voices say until they have followed.
      mix: media.mixEndpoint,
      leaderlessMs: this.#absences.leaderlessMs,
      isHeardOverHttp: media.live.isWanted,
      decisions: [...this.records.unwritten],
    };
    this.channel.publish({ type: 'report', report });
  }

  /**
   * Gives the stage to a node; without one, to the node with this room whose mixers have most room, or to any other that has room, so
   * that its people can follow at once.
   */
  async release(nodeId?: string): Promise<void> {
    const { cluster } = this.#options;
    const [heir] = this.reports.all
      .map((report) => cluster.findNode(report.nodeId))
      .filter((node) => node !== undefined)
      .filter(({ draining, takesRooms }) => !draining && takesRooms)
      .toSorted((a, b) => a.mixerLoad - b.mixerLoad);
    const any = cluster.pickHome();
    const another = any && any.id !== cluster.nodeId ? any.id : undefined;
    await this.home.release(nodeId ?? heir?.id ?? another);
    this.channel.publish({ type: 'home' });
    await this.reconcile();
    // Voices follow once this node knows whom it was given to. Where Redis does not tell, the next tick asks again.
    await this.claim().catch(() => undefined);
  }

  /** Idempotent. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    const { peers, media, logger } = this.#options;
    // The others keep the room, and what it remembers.
    if (reason === 'moved')
      this.#whereabouts
        .forgetLeft()
        .catch((error: unknown) => logger.debug({ err: error }, 'Who has left is still noted'));
    peers.close(reason);
    media.close();
    const nobody = {
      isOpen: false,
      listeners: 0,
      present: 0,
      faces: [],
      placed: [],
      reactions: {},
      mix: null,
      leaderlessMs: null,
      isHeardOverHttp: false,
      decisions: [],
    };
    this.channel.publish({ type: 'report', report: { ...this.#heading(), ...nobody } });
    this.channel.close();
    void this.home.release();
    this.emit('closed', reason);
  }

  #heading() {
    const madeAtMs = performance.timeOrigin + performance.now();
    return { nodeId: this.#options.cluster.nodeId, madeAtMs, seq: this.record.seq };
  }

  async #handle(message: Exclude<RoomMessage, { type: 'ask' | 'answer' }>): Promise<void> {
    try {
      switch (message.type) {
        case 'report':
          return await this.#takeReport(message.report);
        case 'home':
          return await this.claim({ eager: this.#options.cluster.takesRooms() });
        case 'entered':
          // It may be late, and the person back here since: the store knows.
          return await this.#whereabouts.check(message.userId);
        case 'changed':
          return await this.#takeChange(message);
      }
    } catch (error) {
      // The next look at the lease tells the number of the record, and whose the home is.
      this.#options.logger.debug({ err: error, type: message.type }, 'A message of another node was not followed');
    }
  }

  /** Somebody has connected: where they were on another node, that one lets go of them. */
  settle(peer: Peer): void {
    if (!this.#options.cluster.isAlone()) this.#whereabouts.settle(peer);
  }

  async #takeReport(report: Extract<RoomMessage, { type: 'report' }>['report']): Promise<void> {
    const before = this.reports.mixEndpoints;
    if (!this.reports.take(report)) return;
    const added = this.#options.reactions.takeTotals(report.nodeId, report.reactions);
    if (added > 0) this.emit('reactions', added);
    const decisions = this.reports.all.flatMap((other) => other.decisions);
    for (const change of this.records.follow(decisions)) await this.#takeOver({ ...change, actor: null });
    if (this.home.state.kind === 'here' && !isSame(before, this.reports.mixEndpoints)) await this.reconcile();
  }

  async #takeChange({ seq, actor, effects }: Extract<RoomMessage, { type: 'changed' }>): Promise<void> {
    if (this.#closed || (seq <= this.record.seq && effects.length === 0)) return;
    this.records.markStale();
    const record = await this.records.read();
    await this.#takeOver({ record, effects, actor });
  }

  /** What the store holds replaces what is held here. */
  async #refresh(): Promise<void> {
    const record = await this.records.refresh();
    if (record) await this.#takeOver({ record, effects: [], actor: null });
  }

  /** @returns whether there was anything new */
  async #takeOver({ record, effects, actor }: Change): Promise<boolean> {
    const before = this.record;
    if (this.#closed || (record.seq <= before.seq && effects.length === 0)) return false;
    this.records.take(record);
    this.#place(before);
    await this.reconcile();
    if (!this.#closed) this.#options.notifier.tell({ before, after: this.record, effects, actor });
    return true;
  }

  /** People who came on stage or left it are counted, and told from now on, with the others there. */
  #place(before: RoomRecord): void {
    const { peers } = this.#options;
    const after = this.record;
    for (const userId of new Set([...before.stage.keys(), ...after.stage.keys()])) {
      const peer = peers.get(userId);
      const isOnStage = after.stage.has(userId);
      if (!peer || before.stage.has(userId) === isOnStage) continue;
      peer.link?.setOnStage(isOnStage);
      peers.place(peer);
    }
  }

  async #write(): Promise<void> {
    for (const { action, args } of decide(this.#view(), this.#options.graces).writes) {
      const change = await this.records.transitionAsHome(action, args);
      await this.take({ ...change, actor: null });
    }
  }

  #view(): RoomView {
    const { peers, cluster } = this.#options;
    const reports = this.reports.all;
    const isConnected = (userId: string) =>
      peers.present(userId) !== undefined || reports.some(({ placed }) => placed.includes(userId));
    const missing = placedIn(this.record).filter((userId) => !isConnected(userId));
    const { live } = this.#options.media;
    this.#absences.update(new Set(missing), peers.isEmpty && !live.isWanted && live.audience.count === 0);
    const isLeaderless =
      this.record.phase === 'live' && [...this.record.stage.keys()].every((userId) => missing.includes(userId));
    this.#absences.updateLeaders(isLeaderless, Math.max(0, ...reports.map(({ leaderlessMs }) => leaderlessMs ?? 0)));
    const home = this.home.state;
    const other = home.kind === 'handingOver' ? home.to : home.kind === 'elsewhere' ? home.home : null;
    return {
      record: this.record,
      home,
      isHomeAlive: other !== null && cluster.findNode(other.nodeId) !== undefined,
      stranded: new Set(
        [...this.record.stage.keys()].filter((id) => other && peers.get(id)?.unreachableNode === other.nodeId),
      ),
      holdsLease: this.home.fence !== null,
      missingMs: this.#absences.missingMs,
      emptyMs: this.#absences.emptyMs,
      leaderlessMs: this.#absences.leaderlessMs,
      presentElsewhere: reports.reduce((sum, { present }) => sum + present, 0),
      isOnlyHere: reports.length === 0 && !cluster.isAlone(),
      mixEndpoints: this.reports.mixEndpoints,
      // Where something did not come to another node, the home is asked for it.
      isHeardOverHttp: live.isWanted || (home.kind === 'here' && reports.some((report) => report.isHeardOverHttp)),
    };
  }

  async #apply(): Promise<void> {
    if (this.#closed) return;
    const plan = decide(this.#view(), this.#options.graces);
    if (plan.close) return this.close(plan.close);
    this.#sendAway(plan);
    const { media, logger } = this.#options;
    const applied = media
      .apply(plan)
      .catch((error: unknown) => logger.warn({ err: error }, 'Media did not follow; the next second tries again'));
    const limit = new AbortController();
    await Promise.race([applied, sleep(APPLY_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
  }

  #sendAway({ named }: Plan): void {
    const { peers } = this.#options;
    for (const [userId, { leave }] of named) {
      const peer = leave && peers.get(userId);
      if (!peer || !(peer.enteredSeq < leave.enteredBefore)) continue;
      // Who moves on keeps the sound until they are there.
      if (leave.reason === 'moved') peer.link?.close('moved');
      else peers.drop(peer, leave.reason);
    }
  }
}

/** A peer is a person, too, and has more to it than others need to know. */
function personOf({ userId, name }: Person): Person {
  return { userId, name };
}

function isSame(some: readonly object[], others: readonly object[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}
