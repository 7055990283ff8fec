import type { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { ReactionKind } from '@tribune/shared/domain.ts';
import type { LiveRoom } from '@tribune/shared/live.ts';
import type { RoomConnection } from '@tribune/shared/RoomConnection.ts';
import { fromLive, type RoomStore } from '../../state/RoomStore.ts';
import type { SpeakingMonitor } from '../media/SpeakingMonitor.ts';
import { loadSession } from '../session.ts';
import { ReactionCounts } from './ReactionCounts.ts';

interface HttpPresenceOptions {
  readonly roomId: string;
  readonly api: ApiClient;
  readonly connection: RoomConnection;
  readonly store: RoomStore;
  readonly monitor: SpeakingMonitor;
  readonly onReactions: (counts: Partial<Record<ReactionKind, number>>) => void;
}

/** The room as those have it who have no socket: what they see of it, and the little that they may do. */
export class HttpPresence {
  readonly #options: HttpPresenceOptions;
  readonly #counts = new ReactionCounts();

  constructor(options: HttpPresenceOptions) {
    this.#options = options;
  }

  handleRoom(live: LiveRoom): void {
    const { connection, store, monitor, onReactions } = this.#options;
    const person = loadSession()?.user;
    // What a socket tells is newer.
    if (connection.opened !== null || !person) return this.leave();
    if (store.parts.data) store.reduce({ type: 'live', live });
    else store.set({ data: fromLive(live, person) });
    monitor.tell(live.speaking);
    const fresh = this.#counts.take(live.reactions);
    if (Object.keys(fresh).length > 0) onReactions(fresh);
    // In a broadcast nothing else would say that it is over.
    if (live.state.phase === 'ended') connection.handleEnded();
  }

  /** Somebody else tells now. */
  leave(): void {
    this.#options.monitor.tell([]);
    this.#counts.forget();
  }

  /** As whoever has a session. @throws {ApiError} */
  async react(kind: ReactionKind): Promise<void> {
    const { api, roomId } = this.#options;
    await api.call('POST', `/live/${encodeURIComponent(roomId)}/reactions`, { kind });
  }
}
