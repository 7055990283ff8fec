import type { Person, ReactionKind } from '@tribune/shared/domain.ts';
import type { Pulse } from '@tribune/shared/protocol.ts';
import { toRoomState, type RoomRecord } from '../store/RoomRecord.ts';

const MIN_PERIOD_MS = 1000;
const MAX_PERIOD_MS = 5000;
/** The period grows by one second for each of these. */
const LISTENERS_PER_EXTRA_SECOND = 10_000;
/** A pulse that says nothing new is still sent this often, so that a client can tell that it has missed none. */
const QUIET_PERIOD_MS = 5000;

/** Collects what the audience is told, and says when it is time: once a period whatever happens, never once per event. */
export class PulseGate {
  #reactions: Partial<Record<ReactionKind, number>> = {};
  #sentAt = 0;
  #sentSeq = 0;
  #sentListeners = -1;
  #sentFaces = '';

  addReactions(counts: Partial<Record<ReactionKind, number>>): void {
    for (const [kind, count] of Object.entries(counts) as [ReactionKind, number][]) {
      this.#reactions[kind] = (this.#reactions[kind] ?? 0) + count;
    }
  }

  /** For another node to send. */
  takeReactions(): Partial<Record<ReactionKind, number>> {
    const taken = this.#reactions;
    this.#reactions = {};
    return taken;
  }

  /** The pulse that is due, or null. */
  take(record: RoomRecord, listeners: number, faces: readonly Person[], now = Date.now()): Pulse | null {
    const elapsed = now - this.#sentAt;
    // Ticks come about once a second: a little early is on time.
    if (elapsed < periodMs(listeners) - 100) return null;
    const faceKey = faces.map(({ userId, name }) => userId + name).join();
    const changed = {
      ...(Object.keys(this.#reactions).length > 0 ? { reactions: this.#reactions } : {}),
      ...(record.seq !== this.#sentSeq ? { state: toRoomState(record) } : {}),
      ...(faceKey !== this.#sentFaces ? { faces } : {}),
    };
    const news = Object.keys(changed).length > 0 || listeners !== this.#sentListeners;
    if (!news && elapsed < QUIET_PERIOD_MS) return null;
    this.#reactions = {};
    this.#sentAt = now;
    this.#sentSeq = record.seq;
    this.#sentListeners = listeners;
    this.#sentFaces = faceKey;
    return { seq: record.seq, listeners, ...changed };
  }
}

function periodMs(listeners: number): number {
  const extraMs = Math.floor(listeners / LISTENERS_PER_EXTRA_SECOND) * 1000;
  return Math.min(MIN_PERIOD_MS + extraMs, MAX_PERIOD_MS);
}
