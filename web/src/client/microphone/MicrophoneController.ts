import type { Transport } from 'mediasoup-client/types';
import { Listeners } from '../../state/Listeners.ts';
import { isMutedByServer, type RoomStore } from '../../state/RoomStore.ts';
import type { MicrophoneOptions, Notice } from '../../state/types.ts';
import type { MediaContext } from '../media/mediaContext.ts';
import { loadChunk } from '../loadChunk.ts';
import type { RoomEvents } from '../RoomEvents.ts';
import { saveMicrophoneOptions } from './devices.ts';
import type { Publisher } from './Publisher.ts';

interface ControllerOptions {
  readonly context: MediaContext;
  readonly store: RoomStore;
  readonly events: RoomEvents;
  /** The linear level of what is being sent; not called while muted. */
  readonly onVoice: (level: number) => void;
  readonly onNotice: (notice: Notice) => void;
}

/** One's own microphone as the page commands it. The code that captures and sends is loaded when it is first asked for. */
export class MicrophoneController {
  readonly #options: ControllerOptions;
  readonly #meter = new Listeners<[number]>();
  #publisher: Publisher | null = null;
  #loading: Promise<Publisher | null> | null = null;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  get transport(): Transport | null {
    return this.#publisher?.transport ?? null;
  }

  /** Asks for the microphone, to check it. @throws {MicrophoneError} */
  async check(options: Partial<MicrophoneOptions>): Promise<void> {
    const publisher = this.#publisher ?? (await this.#load());
    await publisher?.check(options);
  }

  /** @throws {SignalingError} when the server refuses. */
  async publish(): Promise<void> {
    const publisher = this.#publisher ?? (await this.#load());
    await publisher?.publish();
  }

  /** @throws {SignalingError} when the server refuses an unmute. */
  async setMuted(muted: boolean): Promise<void> {
    await this.#publisher?.setMuted(muted);
  }

  release(): void {
    // What was asked for before the code for it has arrived is called off with it.
    this.#loading = null;
    if (this.#publisher) this.#publisher.release({ tell: true });
    else this.#options.store.set({ microphone: { kind: 'off' } });
  }

  subscribeLevel(listener: (level: number) => void): () => void {
    return this.#meter.add(listener);
  }

  /** @param kept are the transports of before still there? */
  handleWelcome(kept: boolean): void {
    this.#publisher?.handleWelcome(kept);
    // A page that was opened or reloaded on stage sends nothing yet: the room should not show an open microphone.
    const { data, microphone } = this.#options.store.parts;
    if (microphone.kind === 'live' || !data || isMutedByServer(data) !== false) return;
    this.#options.context.request('stage:setMuted', { muted: true }).catch(() => {});
  }

  close(): void {
    this.release();
    this.#publisher?.close();
    this.#publisher = null;
  }

  /** The first time only. Null when it was called off, or cannot be had; the state of the microphone says so. */
  async #load(): Promise<Publisher | null> {
    const { store } = this.#options;
    if (store.parts.connection.kind === 'closed') return null;
    store.set({ microphone: { kind: 'starting' } });
    this.#loading ??= loadChunk(() => import('./Publisher.ts'), { attempts: 3 }).then(
      ({ Publisher: Loaded }) => this.#create(Loaded),
      () => null,
    );
    const loading = this.#loading;
    const publisher = await loading;
    if (this.#loading === loading) {
      this.#loading = null;
      this.#publisher = publisher;
      if (!publisher) store.set({ microphone: { kind: 'failed', problem: 'unloaded' } });
    } else if (publisher !== this.#publisher) {
      publisher?.close();
    }
    return this.#publisher;
  }

  #create(Loaded: typeof Publisher): Publisher {
    const { context, store, events, onVoice, onNotice } = this.#options;
    return new Loaded({
      ...{ context, store, events, onVoice, onNotice },
      options: store.parts.microphoneOptions,
      onState: (microphone) => store.set({ microphone }),
      onOptions: (microphoneOptions) => {
        saveMicrophoneOptions(microphoneOptions);
        store.set({ microphoneOptions });
      },
      onMeter: (level) => this.#meter.emit(level),
    });
  }
}
