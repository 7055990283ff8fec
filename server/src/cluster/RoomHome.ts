import { EventEmitter } from 'node:events';
import type { ReactionKind } from '@tribune/shared/domain.ts';
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import type { RoomSound } from '../rooms/RoomSound.ts';
import type { ClusterBus } from './ClusterBus.ts';
import { HomeLease, type Home } from './HomeLease.ts';
import type { LiveNode } from './NodeRegistry.ts';
import { RoomNodes, type RoomReport } from './RoomNodes.ts';

/** After the stage has gone, what was its home mixes on for so long, until the voices have followed. */
const HANDOVER_MS = 5000;

/** This node, and what it needs to be one of several. */
export interface ClusterContext {
  readonly nodeId: string;
  readonly redis: Redis;
  readonly bus: ClusterBus;
  /** At which other nodes reach this one's media. */
  readonly address: string;
  readonly findNode: (nodeId: string) => LiveNode | undefined;
  /** Someone who was on the way here has come. */
  readonly handleArrival: (roomId: string, userId: string) => void;
  /** They are about to be sent to other nodes. */
  readonly keepPlaces: (roomId: string, userIds: readonly string[]) => Promise<void>;
  /** No other node lives. */
  readonly isAlone: () => boolean;
  /** It gives its rooms away, and takes none. */
  readonly isDraining: () => boolean;
}

interface RoomHomeOptions {
  readonly roomId: string;
  readonly context: ClusterContext;
  readonly sound: RoomSound;
  readonly logger: Logger;
  /** What this node has to say of the room; called once for each report. */
  readonly describe: () => Omit<RoomReport, 'roomId' | 'nodeId' | 'mix'>;
}

/**
 * Where the stage of one room is, who else has people of it, and how the mix gets from the one to the others. Everything is said
 * anew each second, so that whatever was missed heals.
 */
export class RoomHome extends EventEmitter<{
  /** The stage has come here, or gone, or is somewhere else. */
  moved: [];
  /** The lease was lost and taken again: the store may have lost more. */
  doubt: [];
  reactions: [Partial<Record<ReactionKind, number>>];
}> {
  readonly nodes: RoomNodes;
  readonly #options: RoomHomeOptions;
  readonly #lease: HomeLease;
  #current: Home | null = null;
  #movedAt = -Infinity;
  /** Under which this node mixes. */
  #mixEpoch: number | null = null;
  #handover: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RoomHomeOptions) {
    super();
    this.#options = options;
    const { context, roomId } = options;
    this.nodes = new RoomNodes((nodeId) => context.findNode(nodeId) !== undefined);
    this.#lease = new HomeLease({ redis: context.redis, roomId, nodeId: context.nodeId });
    options.sound.on('audienceOpened', () => void this.report());
  }

  /**
   * Is the stage here? As last heard: a node that cannot reach Redis goes on with the sound that it has, since nobody is helped by
   * silence. It changes nothing in the store meanwhile.
   */
  get isHere(): boolean {
    return this.#current?.nodeId === this.#options.context.nodeId;
  }

  /** Whoever it is, as last heard. */
  get current(): Home | null {
    return this.#current;
  }

  /** How long ago the stage came or went. */
  get movedAgoMs(): number {
    return performance.now() - this.#movedAt;
  }

  /** What a write of the server has to carry; null when this node may not make any. */
  get fence(): Home | null {
    return this.#lease.mine;
  }

  /** The home, where it is another node that lives. */
  get elsewhere(): LiveNode | null {
    if (this.isHere || !this.#current) return null;
    return this.#options.context.findNode(this.#current.nodeId) ?? null;
  }

  /**
   * Renews or takes the lease, or learns whose it is.
   * @param eager takes it at once where it is nobody's, unless someone has just said that it is theirs
   * @throws {AppError} UNAVAILABLE
   */
  async claim({ eager = false } = {}): Promise<void> {
    const before = this.#current;
    const othersClaim = this.nodes.reports.some(({ info }) => info !== null);
    const home = await this.#lease.claim({
      eager: eager && !othersClaim,
      only: this.#options.context.isDraining() ? 'look' : 'any',
    });
    // Nobody's for a moment is not yet another's.
    if (!home || this.#closed) return;
    this.#current = home;
    const { isHere } = this;
    if (isHere) this.#mixEpoch = home.epoch;
    if (before?.nodeId === home.nodeId && before.epoch === home.epoch) return;
    if (before?.nodeId === home.nodeId && isHere) return void this.emit('doubt');
    this.#movedAt = performance.now();
    if (isHere) this.#takeStage();
    else this.#leaveStage();
    this.emit('moved');
  }

  #takeStage(): void {
    clearTimeout(this.#handover);
    this.#options.sound.setStage('here');
  }

  #leaveStage(): void {
    clearTimeout(this.#handover);
    this.#options.sound.setStage('leaving');
    this.#handover = setTimeout(() => {
      this.#mixEpoch = null;
      this.#options.sound.setStage('away');
      void this.report();
    }, HANDOVER_MS).unref();
  }

  /** Tells the others how the room is here and where its mix is wanted, and sends the mix where they want it. */
  async report(): Promise<void> {
    if (this.#closed) return;
    const { context, roomId, sound, describe } = this.#options;
    context.bus.tell('room:report', { ...describe(), roomId, nodeId: context.nodeId, mix: sound.mixEndpoint });
    await this.#setMix();
  }

  handleReport(report: RoomReport): void {
    const known = this.nodes.reports.find(({ nodeId }) => nodeId === report.nodeId);
    this.nodes.take(report);
    if (!this.isHere) return;
    this.emit('reactions', report.reactions);
    if (known?.mix?.address !== report.mix?.address || known?.mix?.port !== report.mix?.port) void this.#setMix();
  }

  /** The home has given the stage away: the first who asks has it. */
  async handleReleased(nodeId: string): Promise<void> {
    this.nodes.forgetClaim(nodeId);
    await this.claim({ eager: true });
  }

  /** Gives the stage to whoever takes it, and says so. */
  async release(): Promise<void> {
    const { context, roomId } = this.#options;
    const wasHere = this.isHere;
    if (wasHere) this.#movedAt = performance.now();
    this.#current = null;
    await this.#lease.release();
    if (wasHere) context.bus.tell('room:released', { roomId, nodeId: context.nodeId });
  }

  /** Nobody here has anything to do with the room any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#handover);
    const { context, roomId, describe } = this.#options;
    const nobody = { listeners: 0, present: 0, placed: [], faces: [], mix: null, info: null };
    context.bus.tell('room:report', { ...describe(), ...nobody, roomId, nodeId: context.nodeId });
    void this.release();
  }

  async #setMix(): Promise<void> {
    const { sound, logger } = this.#options;
    const nodes = this.#mixEpoch === null ? [] : this.nodes.mixEndpoints;
    await sound
      .setMix({ epoch: this.#mixEpoch, nodes })
      .catch((error: unknown) => logger.warn({ err: error }, 'The mix could not be sent; trying again'));
  }
}
