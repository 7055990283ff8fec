import { EventEmitter } from 'node:events';
import { nanoid } from 'nanoid';
import type { ClusterBus } from './ClusterBus.ts';
import type { Answer, Question, RoomMessage } from './roomMessages.ts';

/** Longer than a node takes that answers at all. */
const ASK_DEADLINE_MS = 800;
/** A question or an answer may be lost: it is put again to the nodes that have not answered. */
const ASK_AGAIN_MS = 200;

/** What the other nodes answered, and whether some of those asked did not. */
export interface Answers {
  readonly answers: readonly Answer[];
  readonly isPartial: boolean;
}

interface PendingQuestion {
  readonly waitingFor: Set<string>;
  readonly answers: Answer[];
  readonly isEnough: (answer: Answer) => boolean;
  readonly settle: () => void;
}

type Heard = Exclude<RoomMessage, { type: 'ask' | 'answer' }>;

/**
 * The channel of one room, heard by the nodes that have it open. Nothing on it is acknowledged, and everything that matters is said
 * again or can be read from the store: a lost message is only a late one.
 */
export class RoomChannel extends EventEmitter<{
  message: [Heard];
  /** What this node has published came back: the channel works. */
  echo: [];
}> {
  readonly #bus: ClusterBus;
  readonly #roomId: string;
  readonly #reply: (question: Question) => Answer;
  readonly #pending = new Map<string, PendingQuestion>();
  #closed = false;

  /** @param reply what this node answers to others */
  constructor(bus: ClusterBus, roomId: string, reply: (question: Question) => Answer) {
    super();
    this.#bus = bus;
    this.#roomId = roomId;
    this.#reply = reply;
    bus.subscribe(roomId, {
      handleMessage: (message, from) => this.#handle(message, from),
      handleEcho: () => this.emit('echo'),
    });
  }

  /** Never fails: while Redis is away nothing leaves, and the next second says it again. */
  publish(message: RoomMessage): void {
    if (!this.#closed) void this.#bus.publish(this.#roomId, message);
  }

  /**
   * Asks these nodes. Resolves with the first answer that is enough, once all have answered, or at the deadline with what there is.
   * @param isEnough the others need not be waited for
   */
  async ask(
    question: Question,
    nodeIds: readonly string[],
    isEnough: (answer: Answer) => boolean = () => false,
  ): Promise<Answers> {
    if (this.#closed || nodeIds.length === 0) return { answers: [], isPartial: false };
    const id = nanoid();
    const settled = Promise.withResolvers<void>();
    const pending = { waitingFor: new Set(nodeIds), answers: [], isEnough, settle: settled.resolve };
    this.#pending.set(id, pending);
    const timer = setTimeout(settled.resolve, ASK_DEADLINE_MS);
    const put = async () => {
      const waitingFor = [...pending.waitingFor];
      if (!(await this.#bus.publish(this.#roomId, { type: 'ask', id, to: waitingFor, question }))) settled.resolve();
    };
    void put();
    const again = setInterval(() => void put(), ASK_AGAIN_MS);
    await settled.promise;
    clearTimeout(timer);
    clearInterval(again);
    this.#pending.delete(id);
    return { answers: pending.answers, isPartial: pending.waitingFor.size > 0 };
  }

  /** Idempotent. Questions under way end with what there is. */
  close(): void {
    this.#closed = true;
    this.#bus.unsubscribe(this.#roomId);
    for (const { settle } of this.#pending.values()) settle();
  }

  #handle(message: RoomMessage, from: string): void {
    if (this.#closed) return;
    if (message.type === 'ask') {
      if (!message.to.includes(this.#bus.nodeId)) return;
      this.publish({ type: 'answer', id: message.id, to: from, answer: this.#reply(message.question) });
    } else if (message.type === 'answer') {
      if (message.to === this.#bus.nodeId) this.#take(message.id, from, message.answer);
    } else {
      // A node that has closed the room answers nothing any more, and has nothing to say.
      if (message.type === 'report' && !message.report.isOpen)
        for (const pending of this.#pending.values()) this.#leaveOut(pending, from);
      this.emit('message', message);
    }
  }

  #leaveOut(pending: PendingQuestion, nodeId: string): void {
    if (pending.waitingFor.delete(nodeId) && pending.waitingFor.size === 0) pending.settle();
  }

  #take(id: string, from: string, answer: Answer): void {
    const pending = this.#pending.get(id);
    if (!pending?.waitingFor.delete(from)) return;
    pending.answers.push(answer);
    if (pending.isEnough(answer)) pending.waitingFor.clear();
    if (pending.waitingFor.size === 0) pending.settle();
  }
}
