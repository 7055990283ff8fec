import type { LiveRoom } from '@tribune/shared/live.ts';

/** As long as caches keep it: to ask more often would bring the same. */
const EVERY_MS = 2000;
/** Caches are asked by many: not all at the same moment. */
const JITTER = 0.2;
const RETRY_MAX_MS = 15_000;
const TIMEOUT_MS = 8000;

/** What a node says nothing of that was not updated yet. */
const OF_BEFORE = { faces: [], speaking: [], reactions: {}, endsInS: null, beacon: { everyS: 60, part: 0 } } as const;

interface PollOptions {
  /** `/live/:id/`. */
  readonly base: string;
  readonly onRoom: (live: LiveRoom) => void;
  readonly onResponse: (response: Response) => void;
}

/** Asks for the state of a room again and again, without a socket and without saying who asks, so that any cache can answer. */
export class LiveRoomPoll {
  readonly #options: PollOptions;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(options: PollOptions) {
    this.#options = options;
    void this.#ask();
  }

  /** The last answers did not come. */
  get isFailing(): boolean {
    return this.#failures > 1;
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const live = await this.#fetch().catch(() => null);
    if (this.#stop.signal.aborted) return;
    this.#failures = live ? 0 : this.#failures + 1;
    if (live) this.#options.onRoom(live);
    if (this.#stop.signal.aborted) return;
    const pauseMs = Math.min(EVERY_MS * 2 ** this.#failures, RETRY_MAX_MS);
    this.#timer = setTimeout(() => void this.#ask(), pauseMs * (1 + JITTER * (2 * Math.random() - 1)));
  }

  async #fetch(): Promise<LiveRoom | null> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(`${this.#options.base}state.json`, { signal, credentials: 'omit' });
    this.#options.onResponse(response);
    return response.ok ? { ...OF_BEFORE, ...((await response.json()) as LiveRoom) } : null;
  }
}
