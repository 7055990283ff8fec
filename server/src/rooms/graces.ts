import type { Config } from '../config.ts';

/** How long places are kept, in ms. */
export interface Graces {
  /** A place on stage, a hand or an invitation of a person whose connection is lost; also the media of anyone. */
  readonly stageMs: number;
  /** The host's place, where somebody is there to take it over. */
  readonly hostMs: number;
  /** A room in which nobody is. */
  readonly emptyRoomMs: number;
  /** A live room in which nobody is on stage, so that nobody can lead it. */
  readonly leaderlessMs: number;
}

export type GracesConfig = Pick<Config, 'STAGE_GRACE_S' | 'HOST_GRACE_S' | 'EMPTY_ROOM_S' | 'LEADERLESS_ROOM_S'>;

export function readGraces(config: GracesConfig): Graces {
  return {
    stageMs: config.STAGE_GRACE_S * 1000,
    hostMs: config.HOST_GRACE_S * 1000,
    emptyRoomMs: config.EMPTY_ROOM_S * 1000,
    leaderlessMs: config.LEADERLESS_ROOM_S * 1000,
  };
}

/** Everyone is told in so much of the time before a room without anybody who could lead it ends. */
const ENDING_NOTICE_MS = 300_000;

/** In how many seconds the room ends, where everyone is to know. */
export function endsInS(leaderlessMs: number | null, graces: Graces): number | null {
  if (leaderlessMs === null) return null;
  const leftMs = graces.leaderlessMs - leaderlessMs;
  return leftMs <= ENDING_NOTICE_MS ? Math.max(0, Math.ceil(leftMs / 1000)) : null;
}

/**
 * Measures how long people who hold a place are missing, how long nobody has been on this node, and how long nobody could lead. By a
 * clock that nobody sets.
 */
export class AbsenceTimer {
  readonly #now: () => number;
  readonly #missingSince = new Map<string, number>();
  #emptySince: number | null = null;
  #leaderlessSince: number | null = null;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param missing people who hold a place and are connected nowhere, as of now */
  update(missing: ReadonlySet<string>, isEmpty: boolean): void {
    for (const userId of this.#missingSince.keys()) if (!missing.has(userId)) this.#missingSince.delete(userId);
    for (const userId of missing) if (!this.#missingSince.has(userId)) this.#missingSince.set(userId, this.#now());
    if (!isEmpty) this.#emptySince = null;
    else this.#emptySince ??= this.#now();
  }

  /**
   * @param isLeaderless nobody is there who could lead the room
   * @param elsewhereMs for how long another node says that it is so: the time goes on when the home changes
   */
  updateLeaders(isLeaderless: boolean, elsewhereMs: number): void {
    const since = this.#now() - elsewhereMs;
    this.#leaderlessSince = isLeaderless ? Math.min(this.#leaderlessSince ?? since, since) : null;
  }

  /** Whoever is missing, and for how many ms. */
  get missingMs(): ReadonlyMap<string, number> {
    return new Map([...this.#missingSince].map(([userId, since]) => [userId, this.#now() - since]));
  }

  /** For how many ms nobody has been here; null while somebody is. */
  get emptyMs(): number | null {
    return this.#emptySince === null ? null : this.#now() - this.#emptySince;
  }

  /** For how many ms nobody could lead; null while somebody can. */
  get leaderlessMs(): number | null {
    return this.#leaderlessSince === null ? null : this.#now() - this.#leaderlessSince;
  }
}
