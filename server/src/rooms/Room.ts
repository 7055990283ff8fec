import { EventEmitter } from 'node:events';
import { LIMITS, type Person, type ReactionKind, type RoomInfo, type RoomSnapshot } from '@tribune/shared/domain.ts';
import type { CloseReason } from '@tribune/shared/errors.ts';
import { can, type Action } from '@tribune/shared/permissions.ts';
import type { AudienceList, RoomHealthInfo, Welcome } from '@tribune/shared/protocol.ts';
import type { QualityReport } from '@tribune/shared/schemas.ts';
import { TICKET_EXPIRES_S, type Ticket } from '../auth/Tokens.ts';
import type { PeopleQuery, RoomChange } from '../cluster/ClusterBus.ts';
import type { LiveNode } from '../cluster/NodeRegistry.ts';
import { RoomHome, type ClusterContext } from '../cluster/RoomHome.ts';
import type { RoomReport } from '../cluster/RoomNodes.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { WorkerPool } from '../media/WorkerPool.ts';
import type { Mixer } from '../mixer/Mixer.ts';
import { placedIn, toRoomState, type RoomRecord } from '../store/RoomRecord.ts';
import { NotHomeError, type RoomStore, type Transition } from '../store/RoomStore.ts';
import { Herald, type RoomChannel } from './Herald.ts';
import type { Peer, PeerLink } from './Peer.ts';
import type { PresenceConfig } from './PresenceClock.ts';
import { PulseGate } from './PulseGate.ts';
import { RoomHealth, reportEveryS } from './RoomHealth.ts';
import { RoomLedger } from './RoomLedger.ts';
import { RoomPeople, type Arrival } from './RoomPeople.ts';
import type { RoomObserver } from './RoomObserver.ts';
import { RoomSound } from './RoomSound.ts';
import { RoomUpkeep } from './RoomUpkeep.ts';
import { toSelfState } from './selfState.ts';
import { toRoomInfo } from './roomInfo.ts';

export type RoomConfig = PresenceConfig & Pick<Config, 'ROOM_CAPACITY'>;

/** Actions that the store would take for anyone whatever, so that the room has to know their target. */
const NOBODY = { action: null, actor: null, userId: null } as const;
/** Of a stage that is given away, until the voices can be heard at the new home. */
export const VOICES_FOLLOW_MS = 2000;
const AIMED_AT_ANYONE: ReadonlySet<Action> = new Set(['peer:remove', 'peer:ban']);

export interface RoomOptions {
  readonly record: RoomRecord;
  readonly store: RoomStore;
  readonly pool: WorkerPool;
  readonly mixer: Mixer;
  readonly channel: RoomChannel;
  readonly observer: RoomObserver;
  readonly config: RoomConfig;
  readonly logger: Logger;
  readonly cluster: ClusterContext;
}

/**
 * One open room on this node: the people connected to it, and the store's record of it, which alone decides. Every change is
 * a transition in the store; what comes back is applied to media and told to people before the one who asked is answered.
 */
export class Room extends EventEmitter<{ closed: [] }> {
  readonly id: string;
  readonly #options: RoomOptions;
  readonly #logger: Logger;
  readonly #ledger: RoomLedger;
  readonly #people: RoomPeople;
  readonly #gate = new PulseGate();
  readonly #health = new RoomHealth();
  readonly #sound: RoomSound;
  readonly #herald: Herald;
  readonly #home: RoomHome;
  readonly #upkeep: RoomUpkeep;
  #closed = false;
  #ticking = false;
  #failing = false;

  constructor(options: RoomOptions) {
    super();
    this.id = options.record.id;
    this.#options = options;
    this.#logger = options.logger.child({ roomId: this.id });
    this.#ledger = new RoomLedger({
      record: options.record,
      store: options.store,
      fence: () => this.#home.fence,
      logger: this.#logger,
    });
    this.#people = new RoomPeople({
      capacity: options.config.ROOM_CAPACITY,
      isOnStage: (userId) => this.record.stage.has(userId),
    });
    this.#herald = new Herald(options.channel, (userId) => this.#people.get(userId));
    this.#sound = new RoomSound({
      roomId: this.id,
      pool: options.pool,
      mixer: options.mixer,
      logger: this.#logger,
      observer: options.observer,
      planeOf: (peer) => this.#planeOf(peer),
      mayBeHeard: (peer) => this.#mayBeHeard(peer),
      hasStage: () => this.#home.isHere,
      peers: () => this.#people.values(),
    });
    this.#home = new RoomHome({
      roomId: this.id,
      context: options.cluster,
      sound: this.#sound,
      logger: this.#logger,
      describe: () => this.#describe(),
    });
    this.#upkeep = new RoomUpkeep({
      config: options.config,
      ledger: this.#ledger,
      people: this.#people,
      home: this.#home,
      apply: async (change) => this.#apply(change),
      onDeserted: () => this.#handleDeserted(),
      onAbandoned: async () => this.#end(),
    });
    this.#home.on('moved', () => void this.#handleMoved());
    this.#home.on('doubt', () => this.doubtStore());
    this.#home.on('reactions', (counts) => this.#gate.addReactions(counts));
    this.#sound.on('flood', (peer) => void this.#handleFlood(peer));
  }

  get record(): RoomRecord {
    return this.#ledger.record;
  }

  get sound(): RoomSound {
    return this.#sound;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** On which node the stage is. */
  get home(): RoomHome {
    return this.#home;
  }

  /** Connections, those away not counted. */
  get presentCount(): number {
    return this.#people.presentCount;
  }

  /** On this node. */
  get audienceCount(): number {
    return this.#people.audienceCount;
  }

  /** On all nodes. */
  get listenersEverywhere(): number {
    return this.#people.audienceCount + this.#home.nodes.listeners;
  }

  getPeer(userId: string): Peer | undefined {
    return this.#people.get(userId);
  }

  /** May this person come in now? @throws {AppError} ROOM_ENDED, BANNED, ROOM_FULL */
  async admit(userId: string): Promise<void> {
    if (this.#closed) throw new AppError('ROOM_ENDED', 'The room has ended');
    if (await this.#options.store.isBanned(this.id, userId)) throw new AppError('BANNED', 'Banned from this room');
    this.#people.assertRoomFor(userId);
  }

  /**
   * The node of the stage; null for this one, which takes the stage where no node has it.
   * @param avoid URL of a node that did not answer: should it be the home, they wait here for the next one
   * @throws {AppError} UNAVAILABLE
   */
  async findHome(avoid?: string): Promise<LiveNode | null> {
    if (!this.#home.isHere && !this.#home.elsewhere) await this.#home.claim({ eager: true });
    const { elsewhere } = this.#home;
    return elsewhere?.url === avoid ? null : elsewhere;
  }

  /** Spends a ticket. @throws {AppError} BANNED, TICKET_USED, ROOM_ENDED, ROOM_FULL, UNAVAILABLE */
  async enter({ sub: userId, name, jti }: Ticket): Promise<void> {
    this.#people.expect(userId);
    // Longer than a ticket lives: within its life it is good once.
    const ticketExpiresS = TICKET_EXPIRES_S + 30;
    this.#options.cluster.handleArrival(this.id, userId);
    try {
      await this.#apply(await this.#ledger.transition('peer:enter', null, { userId, name, jti, ticketExpiresS }));
    } catch (error) {
      this.#people.expectNoMore(userId);
      throw error;
    }
  }

  /** Takes in the connection of someone who has entered; its link hears everything from here on. */
  attach(arrival: Arrival): Peer {
    if (this.#closed) throw new AppError('ROOM_ENDED', 'The room has ended');
    return this.#people.attach(arrival);
  }

  /** What a connection that was just attached is told first. */
  async welcome(peer: Peer): Promise<Welcome> {
    const media = await this.#sound.offer(peer);
    return { snapshot: this.toSnapshot(peer), media, reportEveryS: reportEveryS(this.#people.size) };
  }

  /** @param gone the page said goodbye: it will not resume, so its media has no one to wait for. */
  detach(userId: string, link: PeerLink, { gone }: { gone: boolean }): void {
    const peer = this.#people.get(userId);
    if (!peer?.detach(link)) return;
    if (gone) peer.media = null;
    this.#people.place(peer);
    // Those who see the stage learn at once; the audience is counted with the next tick, however many leave together.
    if (this.record.stage.has(userId)) void this.tick();
  }

  /** Runs an action of a person through the store and applies it. @throws {AppError} with the code of the refusal. */
  async perform(
    action: Action,
    actor: Person,
    args: { userId?: string } & Record<string, unknown> = {},
  ): Promise<void> {
    const targetName = await this.#nameOf(action, args.userId);
    const done = await this.#ledger.transition(action, actor, { ...args, targetName });
    const change = { action, actor, userId: args.userId ?? null };
    await this.#apply(done, change);
    this.#finish(change);
  }

  /** Another node has changed the room: its people here are told, and those aimed at go. */
  async handleChange({ seq, ...change }: RoomChange): Promise<void> {
    if (this.#closed) return;
    if (seq > this.record.seq || change.effects.length > 0) {
      const record = await this.#ledger.read();
      await this.#apply({ record, effects: change.effects }, change, { isOurs: false });
    }
    this.#finish(change);
  }

  react(kind: ReactionKind): void {
    this.#gate.addReactions({ [kind]: 1 });
    this.#health.addReaction();
    this.#options.observer.handleReaction(kind);
  }

  /** Takes what a client says of its connection, and says when it is to speak again. */
  report(report: QualityReport): { everyS: number } {
    this.#health.addReport(report);
    this.#options.observer.handleReport(report);
    return { everyS: reportEveryS(this.#people.size) };
  }

  toHealth(): RoomHealthInfo {
    return this.#health.toInfo();
  }

  /** On all nodes. */
  async searchAudience(query: string): Promise<AudienceList> {
    const here = this.#people.search(query);
    if (this.#home.nodes.listeners === 0) return here;
    const elsewhere = await this.#options.cluster.bus.findPeople({ roomId: this.id, query });
    return { people: [...here.people, ...elsewhere].slice(0, LIMITS.audiencePage), total: this.listenersEverywhere };
  }

  /** Of this node only. */
  findPeople({ query, userId }: PeopleQuery): readonly Person[] {
    if (query !== undefined) return this.#people.search(query).people;
    const peer = this.#people.present(userId ?? '');
    return peer ? [peer.toPerson()] : [];
  }

  async listBans(): Promise<Person[]> {
    return this.#options.store.listBans(this.id);
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

  /** Once a second: presence, graces, floods, the pulse. What fails is tried again at the next. */
  async tick(): Promise<void> {
    if (this.#closed) return;
    this.#health.tick(this.listenersEverywhere);
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      await this.#home.claim();
      // A message of another node was missed.
      if (this.#home.nodes.seq > this.record.seq) this.#ledger.doubt();
      if (this.#ledger.inDoubt) await this.#refresh();
      await this.#upkeep.tick();
      await this.#sound.tick();
      this.#failing = false;
    } catch (error) {
      // The home has changed since it was last asked for; the next tick asks again.
      const isMoving = error instanceof NotHomeError;
      if (!this.#failing && !isMoving) this.#logger.warn({ err: error }, 'The room could not be kept up; trying again');
      this.#failing ||= !isMoving;
    } finally {
      this.#ticking = false;
    }
    if (this.#closed) return;
    await this.#home.report();
    this.#sendAway();
    this.#pulse();
  }

  /** The store was away: with the next tick its record replaces the one held. */
  doubtStore(): void {
    this.#ledger.doubt();
  }

  /** Idempotent. Everyone is told why. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#people.close(reason);
    this.#home.close();
    this.#sound.close();
    this.emit('closed');
  }

  /**
   * This node is to be left: so many people go to others, who come back with a new ticket. Where the stage has just gone, its voices go
   * first: the audience would come to a silence.
   * @returns how many had to
   */
  async moveAway(count: number): Promise<number> {
    if (this.#home.movedAgoMs < VOICES_FOLLOW_MS) return 0;
    const going = [...this.#people.values()].filter(({ link }) => link).slice(0, count);
    await this.#options.cluster.keepPlaces(
      this.id,
      going.map(({ userId }) => userId),
    );
    for (const { link } of going) link?.close('moved');
    return going.length;
  }

  #pulse(): void {
    // One for all nodes, from the home. Until there is one again, each speaks for itself.
    if (!this.#home.isHere && this.#home.elsewhere) return;
    const pulse = this.#gate.take(this.record, this.listenersEverywhere, this.#faces);
    if (pulse) this.#options.channel.toEveryone('room:pulse', pulse);
  }

  /** What the store holds is taken over. */
  async #refresh(): Promise<void> {
    const change = await this.#ledger.reread();
    if (change?.record.phase === 'ended') return this.close('ended');
    if (change) await this.#apply(change, NOBODY, { isOurs: change.isOurs });
  }

  async #apply(
    { record, effects }: Transition,
    change: Pick<RoomChange, 'action' | 'actor' | 'userId'> = NOBODY,
    { isOurs = true } = {},
  ): Promise<void> {
    if (this.#closed) return;
    const before = this.record;
    if (record.seq <= before.seq && effects.length === 0) return;
    this.#ledger.take(record);
    for (const userId of new Set([...before.stage.keys(), ...record.stage.keys()])) this.#placeIfMoved(userId, before);
    await this.#sound.reconcile();
    const { actor } = change;
    this.#herald.tell({ before, after: this.record, effects, actor: actor ?? undefined, isOurs });
    const { seq } = this.record;
    if (isOurs) this.#options.cluster.bus.tell('room:changed', { ...change, roomId: this.id, seq, effects });
    this.#sendAway();
  }

  #finish({ action, userId }: Pick<RoomChange, 'action' | 'userId'>): void {
    const target = this.#people.get(userId ?? '');
    if (action === 'peer:remove' && target) this.#people.drop(target, 'removed');
    if (action === 'peer:ban' && target) this.#people.drop(target, 'banned');
    if (action === 'room:end') this.close('ended');
  }

  /** Of whom an action is aimed at, wherever they are connected. @throws {AppError} NOT_FOUND when they would have to be */
  async #nameOf(action: Action, userId: string | undefined): Promise<string | undefined> {
    if (userId === undefined) return undefined;
    const here = this.#people.get(userId);
    const onStage = this.record.stage.get(userId)?.name;
    const needsPresence = action === 'stage:invite';
    const name = needsPresence && !here?.link ? undefined : (here?.name ?? onStage);
    if (name !== undefined || !(needsPresence || AIMED_AT_ANYONE.has(action))) return name;
    const [found] =
      this.#home.nodes.present > 0 ? await this.#options.cluster.bus.findPeople({ roomId: this.id, userId }) : [];
    if (!found) throw new AppError('NOT_FOUND', 'They are not in the room');
    return found.name;
  }

  /** What the other nodes are told of the room. */
  #describe(): Omit<RoomReport, 'roomId' | 'nodeId' | 'gate'> {
    const { isHere } = this.#home;
    return {
      seq: this.record.seq,
      listeners: this.#people.audienceCount,
      faces: this.#people.faces,
      present: this.presentCount,
      placed: placedIn(this.record).filter((userId) => this.#people.present(userId)),
      reactions: isHere ? {} : this.#gate.takeReactions(),
      info: isHere ? this.toInfo() : null,
    };
  }

  get #faces(): readonly Person[] {
    return [...this.#people.faces, ...this.#home.nodes.faces].slice(0, LIMITS.faces);
  }

  /** The stage has come here or gone. */
  async #handleMoved(): Promise<void> {
    this.#logger.info({ home: this.#home.current }, 'The room has another home');
    this.#sendAway();
    await this.#sound.reconcile().catch((error: unknown) => this.#logger.warn({ err: error }, 'Media did not follow'));
  }

  /** Who is on stage belongs where the stage is. */
  #sendAway(): void {
    if (this.#home.isHere || !this.#home.elsewhere) return;
    for (const userId of this.record.stage.keys()) this.#people.get(userId)?.link?.close('moved');
  }

  /** Nobody is here any more. Others may keep the room; it is opened again when someone comes. */
  #handleDeserted(): void {
    this.#sound.release();
    if (!this.#home.fence && this.#home.elsewhere) this.close('moved');
  }

  async #end(): Promise<void> {
    this.#logger.info('The room was empty for too long');
    const change = { ...NOBODY, action: 'room:end' } as const;
    await this.#apply(await this.#ledger.keepUp('room:end'), change);
    this.#finish(change);
  }

  async #handleFlood(peer: Peer): Promise<void> {
    this.#logger.warn({ userId: peer.userId }, 'A producer was closed: it sent more than any voice does');
    const self = toSelfState(this.record, peer);
    peer.link?.notify('self:changed', { self, cause: 'flood', by: null });
    await this.perform('stage:setMuted', peer.toPerson(), { muted: true }).catch((error: unknown) =>
      this.#logger.warn({ err: error }, 'A flooding speaker could not be marked as muted'),
    );
  }

  #placeIfMoved(userId: string, before: RoomRecord): void {
    const peer = this.#people.get(userId);
    const onStage = this.record.stage.has(userId);
    if (!peer || before.stage.has(userId) === onStage) return;
    peer.link?.setOnStage(onStage);
    this.#people.place(peer);
  }

  #planeOf(peer: Peer): 'stage' | 'audience' | null {
    if (this.#closed) return null;
    if (this.record.stage.has(peer.userId) && this.#home.isHere) return 'stage';
    return this.record.phase === 'live' ? 'audience' : null;
  }

  #mayBeHeard(peer: Peer): 'yes' | 'muted' | 'no' {
    const member = this.record.stage.get(peer.userId);
    if (!member || this.#closed) return 'no';
    return member.muted ? 'muted' : 'yes';
  }
}
