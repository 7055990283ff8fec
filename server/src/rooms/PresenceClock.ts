import type { Config } from '../config.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';

export type PresenceConfig = Pick<Config, 'STAGE_GRACE_S' | 'HOST_GRACE_S' | 'EMPTY_ROOM_S'>;

/** What has to be written to the store. */
interface PresenceDue {
  /** Members whose `away` in the store is not what is seen here. */
  readonly people: readonly { readonly userId: string; readonly away: boolean }[];
  /** People whose grace is over and who still hold something. */
  readonly expired: readonly string[];
  /** The host's grace is over and an heir is there. */
  readonly hostGone: boolean;
}

/** Counts how long people who hold a place, a hand or an invitation are missing, and how long a room has been empty. */
export class PresenceClock {
  readonly #config: PresenceConfig;
  readonly #missingSince = new Map<string, number>();
  #emptySince: number | null = null;

  constructor(config: PresenceConfig) {
    this.#config = config;
  }

  check(
    placed: readonly string[],
    { stage, host }: RoomRecord,
    isHere: (userId: string) => boolean,
    now = Date.now(),
  ): PresenceDue {
    const missing = new Set(placed.filter((userId) => !isHere(userId)));
    for (const userId of this.#missingSince.keys()) if (!missing.has(userId)) this.#missingSince.delete(userId);
    for (const userId of missing) if (!this.#missingSince.has(userId)) this.#missingSince.set(userId, now);
    const missingFor = (userId: string) => now - (this.#missingSince.get(userId) ?? now);
    const heirIsHere = [...stage.values()].some(({ userId, role }) => role !== 'host' && !missing.has(userId));
    return {
      people: [...stage.values()]
        .filter(({ userId, away }) => away !== missing.has(userId))
        .map(({ userId }) => ({ userId, away: missing.has(userId) })),
      expired: [...missing].filter(
        (userId) => userId !== host.userId && missingFor(userId) >= this.#config.STAGE_GRACE_S * 1000,
      ),
      hostGone: heirIsHere && missingFor(host.userId) >= this.#config.HOST_GRACE_S * 1000,
    };
  }

  isPastGrace(since: number, now = Date.now()): boolean {
    return now - since >= this.#config.STAGE_GRACE_S * 1000;
  }

  /** Has nobody been present for the grace, and for the time after which a room ends? */
  checkEmpty(present: number, now = Date.now()): { readonly pastGrace: boolean; readonly tooLong: boolean } {
    if (present > 0) this.#emptySince = null;
    else this.#emptySince ??= now;
    if (this.#emptySince === null) return { pastGrace: false, tooLong: false };
    const tooLong = now - this.#emptySince >= this.#config.EMPTY_ROOM_S * 1000;
    return { pastGrace: this.isPastGrace(this.#emptySince, now), tooLong };
  }
}
