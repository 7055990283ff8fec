import type { LiveRoom } from '@tribune/shared/live.ts';
import { basePath } from '../basePath.ts';
import type { PlaybackElement } from '../media/PlaybackElement.ts';
import { Beacon } from './Beacon.ts';
import { HlsSound, playsHls } from './HlsSound.ts';
import { LiveRoomPoll } from './LiveRoomPoll.ts';
import type { LiveSound } from './LiveSound.ts';
import { findMediaSource } from './mediaSource.ts';
import { ServerClock } from './ServerClock.ts';
import { StreamSound } from './StreamSound.ts';

/** A proxy that keeps an answer back until it is whole lets none of the stream through: then it is the playlist. */
const STREAM_WAIT_MS = 7000;
/** An element that has failed is given another sound after this, or up to twice as much: what failed for one fails for many. */
const REBUILD_MS = 2000;

interface BroadcastOptions {
  readonly roomId: string;
  /** Plays it. */
  readonly output: PlaybackElement;
  readonly onRoom: (live: LiveRoom) => void;
}

/** A room over HTTP, while it is wanted: its state, and its sound while it is live. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  readonly #base: string;
  readonly #Source = findMediaSource();
  readonly #clock = new ServerClock();
  readonly #beacon: Beacon;
  #poll: LiveRoomPoll | null = null;
  #sound: LiveSound | null = null;
  #streamTimer: ReturnType<typeof setTimeout> | undefined;
  #rebuildTimer: ReturnType<typeof setTimeout> | undefined;
  /** The stream does not get through. */
  #isHeldBack = false;

  constructor(options: BroadcastOptions) {
    this.#options = options;
    this.#base = `${basePath}/live/${encodeURIComponent(options.roomId)}/`;
    this.#beacon = new Beacon(this.#base);
    options.output.element.addEventListener('error', () => this.#handleError());
  }

  /** Can this browser play it? */
  get isSupported(): boolean {
    return this.#Source !== null || playsHls(this.#options.output.element);
  }

  get isWanted(): boolean {
    return this.#poll !== null;
  }

  /** Does it come, as far as one knows? */
  get isFailing(): boolean {
    return this.#poll?.isFailing ?? false;
  }

  /** Null while there is nothing to hear. */
  get sound(): LiveSound | null {
    return this.#sound;
  }

  /** Seconds from what is said to what one hears; null before the first sound. */
  get behindS(): number | null {
    const positionMs = this.#sound?.positionMs ?? null;
    return positionMs === null ? null : Math.max(0, this.#clock.now() - positionMs) / 1000;
  }

  start(): void {
    if (this.#poll) return;
    // Whether there is anything to hear is known with the state of the room; to wait for it would cost a round trip.
    this.#startSound();
    this.#poll = new LiveRoomPoll({
      base: this.#base,
      onRoom: (live) => this.#handleRoom(live),
      onResponse: (response) => this.#clock.observeDate(response),
    });
  }

  stop(): void {
    this.#poll?.close();
    this.#beacon.close();
    this.#poll = null;
    this.#stopSound();
  }

  #handleRoom(live: LiveRoom): void {
    if (live.state.phase === 'live') {
      this.#startSound();
      if (this.#sound?.positionMs === null && !this.#isHeldBack) this.#expectStream();
    } else this.#stopSound();
    this.#beacon.ask(live.beacon);
    this.#options.onRoom(live);
  }

  #startSound(): void {
    if (this.#sound) return;
    const { output } = this.#options;
    const options = {
      base: this.#base,
      element: output.element,
      onResponse: (response: Response) => this.#clock.observeDate(response),
      onSound: (endMs: number) => {
        clearTimeout(this.#streamTimer);
        this.#clock.observe(endMs);
      },
    };
    output.noteChange();
    if (this.#Source && !this.#isHeldBack) this.#sound = new StreamSound(this.#Source, options);
    else this.#sound = new HlsSound(options, this.#Source === null);
    output.resume();
  }

  /** The room is live, and so there is a stream. */
  #expectStream(): void {
    this.#streamTimer ??= setTimeout(() => {
      this.#isHeldBack = true;
      this.#rebuildSound();
    }, STREAM_WAIT_MS);
  }

  /** By itself it never plays again. */
  #handleError(): void {
    if (this.#sound) this.#rebuildTimer ??= setTimeout(() => this.#rebuildSound(), REBUILD_MS * (1 + Math.random()));
  }

  #rebuildSound(): void {
    this.#stopSound();
    this.#startSound();
  }

  #stopSound(): void {
    clearTimeout(this.#streamTimer);
    clearTimeout(this.#rebuildTimer);
    this.#streamTimer = undefined;
    this.#rebuildTimer = undefined;
    this.#options.output.noteChange();
    this.#sound?.close();
    this.#sound = null;
  }
}
