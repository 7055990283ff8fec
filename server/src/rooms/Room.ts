import { EventEmitter } from 'node:events';
import { LIMITS, type Person, type ReactionKind, type RoomInfo, type RoomSnapshot } from '@tribune/shared/domain.ts';
import type { CloseReason } from '@tribune/shared/errors.ts';
import { can, type Action } from '@tribune/shared/permissions.ts';
import type { AudienceList, RoomHealthInfo, Welcome } from '@tribune/shared/protocol.ts';
import type { LiveRoom } from '@tribune/shared/live.ts';
import type { QualityReport } from '@tribune/shared/schemas.ts';
import { TICKET_REMEMBERED_S, type Ticket } from '../auth/Tokens.ts';
import type { ClusterContext } from '../cluster/ClusterContext.ts';
import type { Home } from '../cluster/HomeLease.ts';
import type { LiveNode } from '../cluster/NodeRegistry.ts';
import type { HomeState } from '../cluster/StageHome.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { LiveBroadcast } from '../broadcast/LiveBroadcast.ts';
import type { Recorder } from '../broadcast/Recorder.ts';
import type { WorkerPool } from '../media/WorkerPool.ts';
import type { Mixer } from '../mixer/Mixer.ts';
import type { Gap } from '../sql/recording.ts';
import { toRoomInfo, toRoomState, toSelfState, type RoomRecord } from '../store/RoomRecord.ts';
import type { RoomStore } from '../store/RoomStore.ts';
import { describeLive } from './describeLive.ts';
import { readGraces, type GracesConfig } from './graces.ts';
import { OtherNodes } from './OtherNodes.ts';
import type { Arrival, Peer, PeerLink } from './Peer.ts';
import { PeerRegistry } from './PeerRegistry.ts';
import { PulseThrottle } from './PulseThrottle.ts';
import { Reactions } from './Reactions.ts';
import { RoomHealth, reportEveryS } from './RoomHealth.ts';
import { RoomMediaController } from './RoomMediaController.ts';
import { RoomNotifier, type RoomAudience } from './RoomNotifier.ts';
import type { RoomObserver } from './RoomObserver.ts';
import { RoomReconciler } from './RoomReconciler.ts';

export type RoomConfig = GracesConfig &
  Pick<Config, 'ROOM_CAPACITY' | 'PER_ADDRESS_SHARE'> & { readonly CLUSTER_ADDRESS: string };

/** The audience of a node that goes moves so long after its stage: it would come to a silence. */
const VOICES_FOLLOW_MS = 2000;

export interface RoomOptions {
  readonly record: RoomRecord;
  readonly store: RoomStore;
  readonly pool: WorkerPool;
  readonly mixer: Mixer;
  readonly recorder: Recorder;
  /** The sockets of this room on this node. */
  readonly audience: RoomAudience;
  readonly observer: RoomObserver;
  readonly config: RoomConfig;
  readonly logger: Logger;
  readonly cluster: ClusterContext;
}

/**
 * One open room on this node, as the people connected to it use it. The store's record alone decides: every action is a transition
 * there; what comes back is applied to media and told to people before the one who asked is answered.
 */
export class Room extends EventEmitter<{ closed: [] }> {
  readonly id: string;
  readonly media: RoomMediaController;
  readonly #options: RoomOptions;
  readonly #logger: Logger;
  readonly #peers: PeerRegistry;
  readonly #reactions = new Reactions();
  readonly #pulses = new PulseThrottle(this.#reactions);
  readonly #health = new RoomHealth();
  readonly #reconciler: RoomReconciler;
  readonly #others: OtherNodes;

  constructor(options: RoomOptions) {
    super();
    const { record, store, cluster, config, pool, mixer, observer } = options;
    this.id = record.id;
    this.#options = options;
    const logger = options.logger.child({ roomId: this.id });
    this.#logger = logger;
    const peers = new PeerRegistry({
      ...{ capacity: config.ROOM_CAPACITY, perAddressShare: config.PER_ADDRESS_SHARE },
      isOnStage: (userId) => this.record.stage.has(userId),
    });
    this.#peers = peers;
    const recording = options.recorder.openRoom(this.id, () => this.record);
    recording.on('lost', (gap) => this.#tellLost(gap));
    recording.on('full', () => void this.#stopRecording());
    recording.on('ready', () => void this.#reconciler.reconcile());
    const media = { roomId: this.id, pool, mixer, address: config.CLUSTER_ADDRESS, logger, observer, peers, recording };
    this.media = new RoomMediaController(media);
    this.media.on('flood', (peer) => void this.#handleFlood(peer));
    this.#others = new OtherNodes({ peers, health: this.#health, live: recording.live, view: () => this.#reconciler });
    recording.on('incomplete', (segment) => void this.#others.complete(segment));
    this.#reconciler = new RoomReconciler({
      ...{ record, store, cluster, peers, logger, media: this.media, reactions: this.#reactions },
      notifier: new RoomNotifier(options.audience, (userId) => peers.get(userId)),
      graces: readGraces(config),
      reply: (question) => this.#others.reply(question),
    });
    this.#reconciler.on('reactions', (count) => this.#countReactions(count));
    this.#reconciler.on('closed', () => this.emit('closed'));
  }

  get record(): RoomRecord {
    return this.#reconciler.record;
  }

  get closed(): boolean {
    return this.#reconciler.closed;
  }

  /** On which node the stage is, as last heard. */
  get home(): HomeState {
    return this.#reconciler.home.state;
  }

  /** The node of the stage and the epoch of its lease, as last heard; null while no node is known to have it. */
  get homeNode(): Home | null {
    return this.#reconciler.home.known;
  }

  /** Connections to this node, those away not counted. */
  get presentCount(): number {
    return this.#peers.presentCount;
  }

  /** Connected to this node and not on stage. */
  get audienceCount(): number {
    return this.#peers.audienceCount;
  }

  /** Connections to all nodes. */
  get presentEverywhere(): number {
    return this.#reconciler.reports.all.reduce((sum, { present }) => sum + present, this.#peers.presentCount);
  }

  /** Connected to any node and not on stage, or listening over HTTP. */
  get listenersEverywhere(): number {
    const here = this.#peers.audienceCount + this.media.live.audience.count;
    return this.#reconciler.reports.all.reduce((sum, { listeners }) => sum + listeners, here);
  }

  getPeer(userId: string): Peer | undefined {
    return this.#peers.get(userId);
  }

  /** May this person come in now? @param address their network; null over HTTP, where nobody takes a place @throws {AppError} ROOM_ENDED, BANNED, ROOM_FULL */
  async admit(userId: string, address: string | null): Promise<void> {
    if (this.closed) throw new AppError('ROOM_ENDED', 'The room has ended');
    // A ban of which this node has not heard yet is found when the ticket is spent.
    const isBanned = this.record.hasBans && (await this.#options.store.isBanned(this.id, userId));
    if (isBanned) throw new AppError('BANNED', 'Banned from this room');
    if (address !== null) this.#peers.assertRoomFor(userId, address);
  }

  /** Learns where the stage is, and may take it where no node has it. @throws {AppError} UNAVAILABLE */
  async open({ eager }: { eager: boolean }): Promise<void> {
    await this.#reconciler.claim({ eager });
    await this.#reconciler.reconcile();
  }

  /**
   * The node of the stage; null for this one, which takes the stage where no node has it. The stage of a room in which nobody is goes
   * where the mixers have most room.
   * @param avoid URL of a node that did not answer: should it be the home, they wait here for the next one
   * @throws {AppError} UNAVAILABLE
   */
  async findHome(avoid?: string): Promise<LiveNode | null> {
    if (!this.#liveHomeElsewhere && this.home.kind !== 'here') await this.#reconciler.claim({ eager: true });
    if (this.home.kind === 'here' && this.#peers.size === 0 && this.presentEverywhere === 0) {
      const best = this.#options.cluster.pickHome();
      // Whoever asks for the stage connects at once, before the lease that is given to that node runs out.
      if (best && best.id !== this.#options.cluster.nodeId && best.url !== avoid) await this.release(best.id);
      if (best && this.home.kind !== 'here') return best;
    }
    // A node that came since the last beat is not known yet.
    const { known } = this.#reconciler.home;
    if (known && this.home.kind !== 'here') await this.#options.cluster.lookFor(known.nodeId);
    const elsewhere = this.#liveHomeElsewhere;
    return elsewhere?.url === avoid ? null : elsewhere;
  }

  /** The id of the node of the stage, where that is another one, lives, and has this URL, under which somebody could not reach it. */
  findUnreachable(url: string | undefined): string | undefined {
    const home = this.#liveHomeElsewhere;
    return home && home.url === url ? home.id : undefined;
  }

  /** Spends a ticket. @throws {AppError} BANNED, TICKET_USED, ROOM_ENDED, ROOM_FULL, UNAVAILABLE */
  async enter({ sub: userId, name, jti }: Ticket, address: string): Promise<void> {
    this.#peers.reserve(userId, address);
    try {
      const { store, cluster } = this.#options;
      const { seq, change } = await store.enter(this.id, { userId, name, jti, ticketExpiresS: TICKET_REMEMBERED_S });
      this.#peers.confirm(userId, seq);
      cluster.handleArrival(this.id, userId);
      if (change) await this.#reconciler.take({ ...change, actor: null });
    } catch (error) {
      this.#peers.release(userId);
      throw this.#reconciler.records.explain(error);
    }
  }

  /** Takes in the connection of someone who has entered; its link hears everything from here on. */
  attach(arrival: Arrival): Peer {
    if (this.closed) throw new AppError('ROOM_ENDED', 'The room has ended');
    const peer = this.#peers.attach(arrival, this.record.seq);
    this.#reconciler.settle(peer);
    return peer;
  }

  /** What a connection that was just attached is told first. @param transportIds those that the page has */
  async welcome(peer: Peer, transportIds: readonly string[]): Promise<Welcome> {
    const media = await this.media.offer(peer, transportIds);
    return { snapshot: this.toSnapshot(peer), media, reportEveryS: reportEveryS(this.#peers.size) };
  }

  /** @param gone the page said goodbye: it will not resume, so that its media waits for nobody */
  detach(userId: string, link: PeerLink, { gone }: { gone: boolean }): void {
    const peer = this.#peers.get(userId);
    if (!peer || !this.#peers.detach(peer, link)) return;
    // Whoever was sent to another node says goodbye as soon as they are there, and is heard there a moment later.
    if (gone && !link.isClosing) peer.media = null;
    // Those who see the stage learn at once; the audience is counted with the next tick, however many leave together.
    if (this.record.stage.has(userId)) void this.tick();
  }

  /**
   * Runs an action through the store and applies it.
   * @param actor null for the operator of the server, who may do everything
   * @throws {AppError} with the code of the refusal
   */
  async perform(
    action: Action,
    actor: Person | null,
    args: { userId?: string } & Record<string, unknown> = {},
  ): Promise<void> {
    const problem = action === 'recording:start' ? this.#options.cluster.whyNotRecording() : null;
    if (problem) throw new AppError('UNAVAILABLE', problem);
    const targetName = args.userId === undefined ? undefined : await this.#others.nameTarget(action, args.userId);
    const { isWritten, ...change } = await this.#reconciler.records.perform(action, actor, { ...args, targetName });
    await this.#reconciler.take({ ...change, actor }, { isWritten });
  }

  async raiseHand(peer: Peer): Promise<void> {
    const { PER_ADDRESS_SHARE: addressShare } = this.#options.config;
    await this.perform('hand:raise', peer, { address: peer.address, addressShare });
  }

  /** The room as it is heard over HTTP: somebody asks for it. */
  askLive(): LiveBroadcast {
    const { live } = this.media;
    const isFirst = !live.isWanted;
    live.ask();
    if (isFirst) void this.#reconciler.reconcile();
    return live;
  }

  react(kind: ReactionKind): void {
    this.#reactions.add(kind);
    this.#countReactions(1);
    this.#options.observer.handleReaction(kind);
  }

  /** Takes what a client says of its connection, and says when it is to speak again. */
  report(report: QualityReport): { everyS: number } {
    this.#health.addReport(report);
    this.#options.observer.handleReport(report);
    return { everyS: reportEveryS(this.#peers.size) };
  }

  /** How the room does, on all nodes. */
  async readHealth(): Promise<RoomHealthInfo> {
    const { answers } = await this.#others.ask({ kind: 'quality' });
    const elsewhere = answers.flatMap((answer) => (answer.kind === 'quality' ? answer.reports : []));
    return this.#health.toInfo(elsewhere);
  }

  /** Listeners on all nodes whose name contains the text. Says so where a node did not answer in time. */
  async searchAudience(text: string): Promise<AudienceList> {
    const { answers, isPartial } = await this.#others.ask({ kind: 'search', text });
    const elsewhere = answers.flatMap((answer) => (answer.kind === 'people' ? answer.people : []));
    const people = [...this.#peers.search(text).people, ...elsewhere.map(({ userId, name }) => ({ userId, name }))];
    const list = { people: people.slice(0, LIMITS.audiencePage), total: this.listenersEverywhere };
    return isPartial ? { ...list, isPartial } : list;
  }

  async listBans(): Promise<Person[]> {
    return this.#options.store.listBans(this.id);
  }

  /** What those are told who hear the room over HTTP. */
  toLive(): LiveRoom {
    const { record, endsInS } = this.#reconciler;
    const known = { faces: this.#faces, reactions: this.#reactions, live: this.media.live };
    return describeLive({ ...known, record, endsInS, room: this.toInfo() });
  }

  toInfo(): RoomInfo {
    return toRoomInfo(this.record, this.listenersEverywhere);
  }

  toSnapshot(peer: Peer): RoomSnapshot {
    const self = toSelfState(this.record, peer);
    return {
      room: this.toInfo(),
      state: toRoomState(this.record),
      self,
      listeners: this.listenersEverywhere,
      faces: this.#faces,
      hands: can(self.role, 'hand:approve') ? this.record.hands : [],
    };
  }

  /** Once a second: everything that is due. */
  async tick(): Promise<void> {
    if (this.closed) return;
    this.#health.tick(this.listenersEverywhere);
    await this.#reconciler.tick();
    if (this.closed) return;
    const { endsInS } = this.#reconciler;
    const present = { listeners: this.listenersEverywhere, faces: this.#faces, endsInS };
    const pulse = this.#pulses.take(this.record, present);
    if (pulse) this.#options.audience.toEveryone('room:pulse', pulse);
    // Last, since a worker that hangs does not answer.
    await this.media.tick();
  }

  /** The store was away: with the next tick its record replaces the one held. */
  markStale(): void {
    this.#reconciler.records.markStale();
  }

  /** Gives the stage to another node: this one, or the one that suits best. */
  async release(nodeId?: string): Promise<void> {
    await this.#reconciler.release(nodeId);
  }

  /**
   * This node is to be left: so many people go to others, and come back there with a new ticket. Where the stage has just gone, its
   * voices go first.
   * @returns how many had to
   */
  async moveAway(count: number): Promise<number> {
    if (this.#reconciler.home.leftAgoMs < VOICES_FOLLOW_MS) return 0;
    const going = [...this.#peers.values()].filter(({ link }) => link).slice(0, count);
    const userIds = going.map(({ userId }) => userId);
    await this.#options.cluster.keepPlaces(this.id, userIds);
    for (const { link } of going) link?.close('moved');
    return going.length;
  }

  /** Idempotent. Everyone is told why. */
  close(reason: CloseReason): void {
    this.#reconciler.close(reason);
  }

  /** The node that has the stage, where that is another one and lives. */
  get #liveHomeElsewhere(): LiveNode | null {
    const { known } = this.#reconciler.home;
    if (!known || this.home.kind === 'here') return null;
    return this.#options.cluster.findNode(known.nodeId) ?? null;
  }

  get #faces(): readonly Person[] {
    const elsewhere = this.#reconciler.reports.all.flatMap(({ faces }) => faces);
    return [...this.#peers.faces, ...elsewhere].slice(0, LIMITS.faces);
  }

  #countReactions(count: number): void {
    this.#health.addReactions(count);
    this.media.recording.addReactions(count);
  }

  /** The host of a recording, where they are connected here, hears at once that sound is missing in it. */
  #tellLost(gap: Gap): void {
    this.#peers.present(this.record.host.userId)?.link?.notify('recording:lost', gap);
  }

  /** Where the quotas leave no room for more. */
  async #stopRecording(): Promise<void> {
    const from = Date.now();
    try {
      const change = await this.#reconciler.records.transitionAsHome('recording:stop', {});
      await this.#reconciler.take({ ...change, actor: null });
      this.#tellLost({ from, to: Date.now(), reason: 'QUOTA' });
    } catch (error) {
      this.#logger.warn({ err: error }, 'A recording over its quota could not be stopped; trying again in a minute');
    }
  }

  async #handleFlood(peer: Peer): Promise<void> {
    this.#logger.warn({ userId: peer.userId }, 'A producer was closed: it sent more than any voice does');
    const self = toSelfState(this.record, peer);
    peer.link?.notify('self:changed', { self, cause: 'flood', by: null });
    await this.perform('stage:setMuted', peer.toPerson(), { muted: true }).catch((error: unknown) =>
      this.#logger.warn({ err: error }, 'A flooding speaker could not be marked as muted'),
    );
  }
}
