import type { RoomData } from '../state/roomState.ts';
import { Listeners } from './Listeners.ts';
import type { ConnectionState, MicrophoneOptions, MicrophoneState, PlaybackState, Quality, RoomView } from './types.ts';

interface Parts {
  readonly connection: ConnectionState;
  /** Null until the first welcome. */
  readonly data: RoomData | null;
  readonly microphone: MicrophoneState;
  readonly microphoneOptions: MicrophoneOptions;
  readonly playback: PlaybackState;
  readonly quality: Quality;
}

/** Puts the parts of the view together: a new object for every change, and none while nothing changes. */
export class ViewStore {
  readonly #changed = new Listeners<[]>();
  #parts: Parts;
  #view: RoomView | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get parts(): Parts {
    return this.#parts;
  }

  get view(): RoomView | null {
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    return this.#changed.add(listener);
  }

  set(changes: Partial<Parts>): void {
    const names = Object.keys(changes) as (keyof Parts)[];
    if (names.every((name) => changes[name] === this.#parts[name])) return;
    this.#parts = { ...this.#parts, ...changes };
    const { data, ...local } = this.#parts;
    this.#view = data && { ...data, ...local };
    this.#changed.emit();
  }
}
