import type { RoomHome } from '../cluster/RoomHome.ts';
import { placedIn } from '../store/RoomRecord.ts';
import type { Transition } from '../store/RoomStore.ts';
import { PresenceClock, type PresenceConfig } from './PresenceClock.ts';
import type { RoomLedger } from './RoomLedger.ts';
import type { RoomPeople } from './RoomPeople.ts';

interface RoomUpkeepOptions {
  readonly config: PresenceConfig;
  readonly ledger: RoomLedger;
  readonly people: RoomPeople;
  readonly home: RoomHome;
  readonly apply: (change: Transition) => Promise<void>;
  /** Nobody has been here for a while. */
  readonly onDeserted: () => void;
  /** Nobody has been on any node for so long that the room is over. */
  readonly onAbandoned: () => Promise<void>;
}

/** What the home changes in a room by itself: who is away, whose grace is over, who follows a host that is gone, and the end. */
export class RoomUpkeep {
  readonly #options: RoomUpkeepOptions;
  readonly #clock: PresenceClock;

  constructor(options: RoomUpkeepOptions) {
    this.#options = options;
    this.#clock = new PresenceClock(options.config);
  }

  /** Once a second. @throws {NotHomeError} when another node has become the home, and as transitions do */
  async tick(): Promise<void> {
    const { ledger, people, home, apply, onDeserted, onAbandoned } = this.#options;
    people.dropAbsent((since) => this.#clock.isPastGrace(since));
    const empty = this.#clock.checkEmpty(people.presentCount);
    // Not before: everyone may be on their way back, as when a proxy restarts.
    if (empty.pastGrace) onDeserted();
    if (!home.fence) return;
    const isConnected = (userId: string) => people.present(userId) !== undefined || home.nodes.has(userId);
    const due = this.#clock.check(placedIn(ledger.record), ledger.record, isConnected);
    if (due.people.length > 0) await apply(await ledger.keepUp('peer:presence', { people: due.people }));
    if (due.expired.length > 0) await apply(await ledger.keepUp('peer:expire', { userIds: due.expired }));
    if (due.hostGone) await apply(await ledger.keepUp('host:succeed'));
    if (empty.tooLong && home.nodes.present === 0) await onAbandoned();
  }
}
