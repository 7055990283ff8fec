import type { Person } from '@tribune/shared/domain.ts';
import type { Pulse } from '@tribune/shared/protocol.ts';
import { toRoomState, type RoomRecord } from '../store/RoomRecord.ts';
import type { Reactions } from './Reactions.ts';

const MIN_PERIOD_MS = 1000;
const MAX_PERIOD_MS = 5000;
/** The period grows by one second for each of these. */
const LISTENERS_PER_EXTRA_SECOND = 10_000;
/** A pulse that says nothing new is still sent this often, so that a client can tell that it has missed none. */
const QUIET_PERIOD_MS = 5000;

/** What is known of a room beside its record. */
interface Present {
  readonly listeners: number;
  readonly faces: readonly Person[];
  readonly endsInS: number | null;
}

/** Says when the audience is told what: once a period whatever happens, never once per event. */
export class PulseThrottle {
  readonly #reactions: Reactions;
  #sentAtMs = -Infinity;
  #sentSeq = 0;
  #sentListeners = -1;
  #sentFaces = '';
  #saidEnding = false;

  constructor(reactions: Reactions) {
    this.#reactions = reactions;
  }

  /** The pulse that is due, or null. */
  take(record: RoomRecord, { listeners, faces, endsInS }: Present, nowMs = performance.now()): Pulse | null {
    const isEnding = endsInS !== null;
    const elapsed = nowMs - this.#sentAtMs;
    // Ticks come about once a second: a little early is on time.
    if (elapsed < periodMs(listeners) - 100) return null;
    const hasReactions = Object.keys(this.#reactions.fresh).length > 0;
    const faceKey = faces.map(({ userId, name }) => userId + name).join();
    const changed = {
      ...(hasReactions ? { reactions: this.#reactions.fresh } : {}),
      ...(record.seq !== this.#sentSeq ? { state: toRoomState(record) } : {}),
      ...(faceKey !== this.#sentFaces ? { faces } : {}),
    };
    const isNew = listeners !== this.#sentListeners || isEnding !== this.#saidEnding;
    const news = Object.keys(changed).length > 0 || isNew;
    if (!news && elapsed < QUIET_PERIOD_MS) return null;
    this.#reactions.clearFresh();
    this.#sentAtMs = nowMs;
    this.#sentSeq = record.seq;
    this.#sentListeners = listeners;
    this.#sentFaces = faceKey;
    this.#saidEnding = isEnding;
    return { seq: record.seq, listeners, ...changed, ...(isEnding ? { endsInS } : {}) };
  }
}

function periodMs(listeners: number): number {
  const extraMs = Math.floor(listeners / LISTENERS_PER_EXTRA_SECOND) * 1000;
  return Math.min(MIN_PERIOD_MS + extraMs, MAX_PERIOD_MS);
}
