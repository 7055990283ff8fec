import { EventEmitter } from 'node:events';
import {
  isStageRole,
  type Person,
  type ReactionKind,
  type RoomInfo,
  type RoomSnapshot,
} from '@tribune/shared/domain.ts';
import type { CloseReason } from '@tribune/shared/errors.ts';
import { can, type Action } from '@tribune/shared/permissions.ts';
import type { AudienceList, RoomHealthInfo, Welcome } from '@tribune/shared/protocol.ts';
import type { QualityReport } from '@tribune/shared/schemas.ts';
import type { RtpCapabilities } from 'mediasoup/types';
import { TICKET_EXPIRES_S, type Ticket } from '../auth/Tokens.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { WorkerPool } from '../media/WorkerPool.ts';
import type { Mixer } from '../mixer/Mixer.ts';
import { roleOf, toRoomState, type RoomRecord } from '../store/RoomRecord.ts';
import type { RoomStore, Transition } from '../store/RoomStore.ts';
import { Audience } from './Audience.ts';
import { Herald, type RoomChannel } from './Herald.ts';
import { Peer, type PeerLink } from './Peer.ts';
import { PresenceClock } from './PresenceClock.ts';
import { PulseGate } from './PulseGate.ts';
import { RoomHealth, reportEveryS } from './RoomHealth.ts';
import type { RoomObserver } from './RoomObserver.ts';
import { RoomSound } from './RoomSound.ts';
import { toSelfState } from './selfState.ts';
import { toRoomInfo } from './roomInfo.ts';

export type RoomConfig = Pick<Config, 'STAGE_GRACE_S' | 'HOST_GRACE_S' | 'EMPTY_ROOM_S' | 'ROOM_CAPACITY'>;

/** Actions that the store would take for anyone whatever, so that the room has to know their target. */
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
}

/** A new connection: who, from which page, and what it can receive. */
export interface Arrival {
  readonly person: Person;
  readonly instanceId: string;
  readonly rtpCapabilities: RtpCapabilities;
  readonly link: PeerLink;
}

/**
 * One open room on this node: the people connected to it, and the store's record of it, which alone decides. Every change is
 * a transition in the store; what comes back is applied to media and told to people before the one who asked is answered.
 */
export class Room extends EventEmitter<{ closed: [] }> {
  readonly id: string;
  readonly #options: RoomOptions;
  readonly #logger: Logger;
  readonly #peers = new Map<string, Peer>();
  readonly #audience = new Audience();
  readonly #clock: PresenceClock;
  readonly #gate = new PulseGate();
  readonly #health = new RoomHealth();
  readonly #sound: RoomSound;
  readonly #herald: Herald;
  #record: RoomRecord;
  #closed = false;
  #ticking = false;
  /** The record held may differ from the store's: read it anew as soon as it answers. */
  #storeInDoubt = false;
  #failing = false;

  constructor(options: RoomOptions) {
    super();
    this.id = options.record.id;
    this.#options = options;
    this.#record = options.record;
    this.#logger = options.logger.child({ roomId: this.id });
    this.#clock = new PresenceClock(options.config);
    this.#herald = new Herald(options.channel, (userId) => this.#peers.get(userId));
    this.#sound = new RoomSound({
      roomId: this.id,
      pool: options.pool,
      mixer: options.mixer,
      logger: this.#logger,
      observer: options.observer,
      planeOf: (peer) => this.#planeOf(peer),
      mayBeHeard: (peer) => this.#mayBeHeard(peer),
      peers: () => this.#peers.values(),
    });
    this.#sound.on('flood', (peer) => void this.#handleFlood(peer));
  }

  get record(): RoomRecord {
    return this.#record;
  }

  get sound(): RoomSound {
    return this.#sound;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Connections, those away not counted. */
  get presentCount(): number {
    let count = 0;
    for (const peer of this.#peers.values()) if (peer.link) count++;
    return count;
  }

  get audienceCount(): number {
    return this.#audience.count;
  }

  getPeer(userId: string): Peer | undefined {
    return this.#peers.get(userId);
  }

  /** May this person come in now? @throws {AppError} ROOM_ENDED, BANNED, ROOM_FULL */
  async admit(userId: string): Promise<void> {
    if (this.#closed) throw new AppError('ROOM_ENDED', 'The room has ended');
    if (await this.#options.store.isBanned(this.id, userId)) throw new AppError('BANNED', 'Banned from this room');
    this.#assertRoomFor(userId);
  }

  /** Spends a ticket. @throws {AppError} BANNED, TICKET_USED, ROOM_ENDED, ROOM_FULL, UNAVAILABLE */
  async enter({ sub: userId, name, jti }: Ticket): Promise<void> {
    this.#assertRoomFor(userId);
    // Longer than a ticket lives: within its life it is good once.
    const ticketExpiresS = TICKET_EXPIRES_S + 30;
    await this.#apply(await this.#transition('peer:enter', null, { userId, name, jti, ticketExpiresS }));
  }

  /** Takes in the connection of someone who has entered; its link hears everything from here on. */
  attach({ person, instanceId, rtpCapabilities, link }: Arrival): Peer {
    if (this.#closed) throw new AppError('ROOM_ENDED', 'The room has ended');
    const known = this.#peers.get(person.userId);
    const peer = known ?? new Peer(person, instanceId, rtpCapabilities);
    if (!known) this.#peers.set(person.userId, peer);
    peer.attach(link, person.name, instanceId, rtpCapabilities);
    this.#place(peer);
    return peer;
  }

  /** What a connection that was just attached is told first. */
  async welcome(peer: Peer): Promise<Welcome> {
    const media = await this.#sound.offer(peer);
    return { snapshot: this.toSnapshot(peer), media, reportEveryS: reportEveryS(this.#peers.size) };
  }

  /** @param gone the page said goodbye: it will not resume, so its media has no one to wait for. */
  detach(userId: string, link: PeerLink, { gone }: { gone: boolean }): void {
    const peer = this.#peers.get(userId);
    if (!peer?.detach(link)) return;
    if (gone) peer.media = null;
    this.#place(peer);
    // Those who see the stage learn at once; the audience is counted with the next tick, however many leave together.
    if (this.#record.stage.has(userId)) void this.tick();
  }

  /** Runs an action of a person through the store and applies it. @throws {AppError} with the code of the refusal. */
  async perform(
    action: Action,
    actor: Person,
    args: { userId?: string } & Record<string, unknown> = {},
  ): Promise<void> {
    const target = args.userId === undefined ? undefined : this.#peers.get(args.userId);
    const targetName = target?.name ?? this.#record.stage.get(args.userId ?? '')?.name;
    const needsPresence = action === 'stage:invite' ? !target?.link : AIMED_AT_ANYONE.has(action) && !targetName;
    if (needsPresence) throw new AppError('NOT_FOUND', 'They are not in the room');
    await this.#apply(await this.#transition(action, actor, { ...args, targetName }), actor);
    if (action === 'peer:remove' && target) this.#drop(target, 'removed');
    if (action === 'peer:ban' && target) this.#drop(target, 'banned');
    if (action === 'room:end') this.close('ended');
  }

  react(kind: ReactionKind): void {
    this.#gate.addReaction(kind);
    this.#health.addReaction();
    this.#options.observer.handleReaction(kind);
  }

  /** Takes what a client says of its connection, and says when it is to speak again. */
  report(report: QualityReport): { everyS: number } {
    this.#health.addReport(report);
    this.#options.observer.handleReport(report);
    return { everyS: reportEveryS(this.#peers.size) };
  }

  toHealth(): RoomHealthInfo {
    return this.#health.toInfo();
  }

  searchAudience(query: string): AudienceList {
    return this.#audience.search(query);
  }

  async listBans(): Promise<Person[]> {
    return this.#options.store.listBans(this.id);
  }

  toInfo(): RoomInfo {
    return toRoomInfo(this.#record, this.#audience.count);
  }

  toSnapshot(peer: Peer): RoomSnapshot {
    const self = toSelfState(this.#record, peer);
    return {
      room: this.toInfo(),
      state: toRoomState(this.#record),
      self,
      listeners: this.#audience.count,
      faces: this.#audience.faces,
      hands: can(self.role, 'hand:approve') ? this.#record.hands : [],
    };
  }

  /** Once a second: presence, graces, floods, the pulse. What fails is tried again at the next. */
  async tick(): Promise<void> {
    if (this.#closed) return;
    this.#health.tick(this.#audience.count);
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      if (this.#storeInDoubt) await this.#refresh();
      await this.#syncPresence();
      await this.#sound.tick();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#logger.warn({ err: error }, 'The room could not be kept up; trying again');
      this.#failing = true;
      // The store has lost this room, as after a flush: nothing is left to keep up.
      if (error instanceof AppError && error.code === 'ROOM_NOT_FOUND') this.close('ended');
    } finally {
      this.#ticking = false;
    }
    if (!this.#closed) this.#pulse();
  }

  /** The store was away: with the next tick its record replaces the one held. */
  doubtStore(): void {
    this.#storeInDoubt = true;
  }

  /** Idempotent. Everyone is told why. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.close(reason);
    this.#peers.clear();
    this.#sound.close();
    this.emit('closed');
  }

  #pulse(): void {
    const pulse = this.#gate.take(this.#record, this.#audience.count, this.#audience.faces);
    if (pulse) this.#options.channel.toEveryone('room:pulse', pulse);
  }

  async #transition(...args: TransitionArgs): Promise<Transition> {
    try {
      return await this.#options.store.transition(this.id, ...args);
    } catch (error) {
      // It may have run all the same, unheard.
      if (error instanceof AppError && error.code === 'UNAVAILABLE') this.#storeInDoubt = true;
      throw error;
    }
  }

  /** Takes over what the store holds, also when it came back older than what was told: then its number goes past that. */
  async #refresh(): Promise<void> {
    const { record } = await this.#options.store.read(this.id);
    const { seq } = this.#record;
    this.#storeInDoubt = false;
    if (record.seq >= seq) await this.#apply({ record, effects: [] });
    else await this.#apply(await this.#transition('room:resume', null, { seq }));
  }

  async #apply({ record, effects }: Transition, actor?: Person): Promise<void> {
    if (this.#closed) return;
    const before = this.#record;
    if (record.seq <= before.seq && effects.length === 0) return;
    // Two answers may arrive in either order; the newer one holds both changes.
    if (record.seq > before.seq) this.#record = record;
    for (const userId of new Set([...before.stage.keys(), ...record.stage.keys()])) this.#placeIfMoved(userId, before);
    await this.#sound.reconcile();
    this.#herald.tell({ before, after: this.#record, effects, actor });
  }

  async #syncPresence(): Promise<void> {
    const { stage, hands, invites } = this.#record;
    const placed = [...stage.keys(), ...hands.map(({ userId }) => userId), ...invites.keys()];
    const due = this.#clock.check(placed, this.#record, (userId) => Boolean(this.#peers.get(userId)?.link));
    if (due.people.length > 0) await this.#apply(await this.#transition('peer:presence', null, { people: due.people }));
    if (due.expired.length > 0)
      await this.#apply(await this.#transition('peer:expire', null, { userIds: due.expired }));
    if (due.hostGone) await this.#apply(await this.#transition('host:succeed', null));
    for (const peer of this.#peers.values()) {
      if (peer.state.kind === 'away' && this.#clock.isPastGrace(peer.state.since)) this.#drop(peer);
    }
    const empty = this.#clock.checkEmpty(this.presentCount);
    // Not before: everyone may be on their way back, as when a proxy restarts.
    if (empty.pastGrace) this.#sound.release();
    if (empty.tooLong) await this.#end();
  }

  async #end(): Promise<void> {
    this.#logger.info('The room was empty for too long');
    await this.#apply(await this.#transition('room:end', null));
    this.close('ended');
  }

  async #handleFlood(peer: Peer): Promise<void> {
    this.#logger.warn({ userId: peer.userId }, 'A producer was closed: it sent more than any voice does');
    const self = toSelfState(this.#record, peer);
    peer.link?.notify('self:changed', { self, cause: 'flood', by: null });
    await this.perform('stage:setMuted', peer.toPerson(), { muted: true }).catch((error: unknown) =>
      this.#logger.warn({ err: error }, 'A flooding speaker could not be marked as muted'),
    );
  }

  #drop(peer: Peer, reason?: CloseReason): void {
    this.#peers.delete(peer.userId);
    this.#audience.delete(peer.userId);
    peer.close(reason);
  }

  #placeIfMoved(userId: string, before: RoomRecord): void {
    const peer = this.#peers.get(userId);
    const onStage = this.#record.stage.has(userId);
    if (!peer || before.stage.has(userId) === onStage) return;
    peer.link?.setOnStage(onStage);
    this.#place(peer);
  }

  /** Counts those who are here and not on stage. */
  #place(peer: Peer): void {
    if (peer.link && !isStageRole(roleOf(this.#record, peer.userId))) this.#audience.add(peer.toPerson());
    else this.#audience.delete(peer.userId);
  }

  #planeOf(peer: Peer): 'stage' | 'audience' | null {
    if (this.#closed) return null;
    if (this.#record.stage.has(peer.userId)) return 'stage';
    return this.#record.phase === 'live' ? 'audience' : null;
  }

  #mayBeHeard(peer: Peer): 'yes' | 'muted' | 'no' {
    const member = this.#record.stage.get(peer.userId);
    if (!member || this.#closed) return 'no';
    return member.muted ? 'muted' : 'yes';
  }

  #assertRoomFor(userId: string): void {
    const known = this.#peers.has(userId) || this.#record.stage.has(userId);
    if (!known && this.#peers.size >= this.#options.config.ROOM_CAPACITY)
      throw new AppError('ROOM_FULL', 'The room is full');
  }
}

type TransitionArgs = Parameters<RoomStore['transition']> extends [string, ...infer Rest] ? Rest : never;
