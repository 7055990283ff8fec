import type { Config } from '../config.ts';

/** How long places are kept, in ms. */
export interface Graces {
  /** A place on stage, a hand or an invitation of a person whose connection is lost; also the media of anyone. */
  readonly stageMs: number;
  /** The host's place, where somebody is there to take it over. */
  readonly hostMs: number;
  /** A room in which nobody is. */
  readonly emptyRoomMs: number;
}

export type GracesConfig = Pick<Config, 'STAGE_GRACE_S' | 'HOST_GRACE_S' | 'EMPTY_ROOM_S'>;

export function readGraces({ STAGE_GRACE_S, HOST_GRACE_S, EMPTY_ROOM_S }: GracesConfig): Graces {
  return { stageMs: STAGE_GRACE_S * 1000, hostMs: HOST_GRACE_S * 1000, emptyRoomMs: EMPTY_ROOM_S * 1000 };
}

/** Measures how long people who hold a place are missing, and how long nobody has been on this node. By a clock that nobody sets. */
export class AbsenceTimer {
  readonly #now: () => number;
  readonly #missingSince = new Map<string, number>();
  #emptySince: number | null = null;

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

  /** Whoever is missing, and for how many ms. */
  get missingMs(): ReadonlyMap<string, number> {
    return new Map([...this.#missingSince].map(([userId, since]) => [userId, this.#now() - since]));
  }

  /** For how many ms nobody has been here; null while somebody is. */
  get emptyMs(): number | null {
    return this.#emptySince === null ? null : this.#now() - this.#emptySince;
  }
}
