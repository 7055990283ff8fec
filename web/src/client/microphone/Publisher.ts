import { isStageRole, type RoomSound } from '@tribune/shared/domain.ts';
import type { Transport } from 'mediasoup-client/types';
import { isMutedByServer, type RoomData, type RoomStore } from '../../state/RoomStore.ts';
import type { RoomEvents } from '../RoomEvents.ts';
import { Capture } from './Capture.ts';
import { toMeter } from './LevelMeter.ts';
import type { MediaContext } from '../media/mediaContext.ts';
import { MicrophoneError, microphoneProblemOf } from './microphoneProblem.ts';
import { MuteControl } from './MuteControl.ts';
import { MutedVoice } from './MutedVoice.ts';
import { Sender } from './Sender.ts';
import type { MicrophoneOptions, MicrophoneProblem, MicrophoneState, Notice } from '../../state/types.ts';

/** After the server has closed the producer: time in which it may still say that it wants a new one. */
const CLOSED_GRACE_MS = 1000;

interface PublisherOptions {
  readonly context: MediaContext;
  readonly store: RoomStore;
  readonly events: RoomEvents;
  readonly options: MicrophoneOptions;
  readonly onState: (state: MicrophoneState) => void;
  readonly onOptions: (options: MicrophoneOptions) => void;
  /** On the scale of a meter, 0 to 1. */
  readonly onMeter: (level: number) => void;
  /** The linear level of what is being sent; not called while muted. */
  readonly onVoice: (level: number) => void;
  readonly onNotice: (notice: Notice) => void;
}

/**
 * One's own microphone, from the browser's question to the room: captures, checks, publishes, mutes. Loaded only when it is
 * first asked for, so that a listener neither downloads it nor can be asked for a microphone.
 */
export class Publisher {
  readonly #context: MediaContext;
  readonly #callbacks: PublisherOptions;
  readonly #sender: Sender;
  readonly #mutedVoice = new MutedVoice();
  #options: MicrophoneOptions;
  #state: MicrophoneState = { kind: 'off' };
  #capture: Capture | null = null;
  #mute: MuteControl | null = null;
  #publishing: Promise<void> | null = null;
  /** Grows with every capture asked for and with every release: an answer to an older one is closed unseen. */
  #generation = 0;
  #closedTimer: ReturnType<typeof setTimeout> | undefined;
  /** What was last known of the room. */
  #room: RoomData | null;
  readonly #unsubscribe: (() => void)[];

  constructor(options: PublisherOptions) {
    this.#context = options.context;
    this.#callbacks = options;
    this.#options = options.options;
    this.#sender = new Sender({
      context: options.context,
      sound: () => this.#sound,
      onRepublished: () => void this.#mute?.reassert().catch(() => {}),
      onRefused: () => this.release({ tell: false }),
    });
    const { store, events } = options;
    this.#room = store.parts.data;
    this.#unsubscribe = [
      store.subscribe(() => this.#followRoom(store.parts.data)),
      events.on('media:restart', () => this.#handleRestart()),
      events.on('producer:closed', ({ producerId }) => this.#handleProducerClosed(producerId)),
      // Known for certain, unlike what a late state says.
      events.on('self:changed', ({ cause }) => cause === 'muted' && this.#mute?.force()),
    ];
  }

  get #sound(): RoomSound {
    return this.#room?.state.sound ?? 'speech';
  }

  get transport(): Transport | null {
    return this.#sender.transport;
  }

  /**
   * Asks for the microphone, or for another one. While one is live it stays so until the next has taken its place.
   * @throws {MicrophoneError} when the next could not be had and the one before goes on; otherwise the state says what failed.
   */
  async check(changes: Partial<MicrophoneOptions>): Promise<void> {
    const before = this.#options;
    this.#setOptions({ ...before, ...changes });
    const generation = ++this.#generation;
    if (!this.#capture) this.#setState({ kind: 'starting' });
    let capture: Capture;
    try {
      capture = await this.#open();
    } catch (error) {
      if (generation !== this.#generation) return;
      const problem = microphoneProblemOf(error);
      if (!this.#capture) return this.#setState({ kind: 'failed', problem });
      this.#setOptions(before);
      throw new MicrophoneError(problem, { cause: error });
    }
    if (generation === this.#generation) await this.#replaceCapture(capture);
    else capture.close();
  }

  /** Sends the microphone to the room, unmuted. @throws {SignalingError} when the server refuses. */
  async publish(): Promise<void> {
    if (this.#mute) return this.setMuted(false);
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = null;
    });
    return this.#publishing;
  }

  /** @throws {SignalingError} when the server refuses an unmute. */
  async setMuted(muted: boolean): Promise<void> {
    await this.#mute?.set(muted);
  }

  /** Gives everything back. @param tell says it to the server, which otherwise has decided it itself. */
  release({ tell }: { tell: boolean }): void {
    if (tell) this.#withdraw();
    this.#stop();
    this.#setState({ kind: 'off' });
  }

  /** After every welcome. @param kept are the transports of before still there? */
  handleWelcome(kept: boolean): void {
    clearTimeout(this.#closedTimer);
    if (!this.#mute) return;
    if (kept) this.#sender.check({ doubted: false });
    else this.#sender.republish();
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stop();
  }

  /** Follows what the server decided about this person. */
  #followRoom(data: RoomData | null): void {
    const before = this.#room;
    if (!data || data === before) return;
    this.#room = data;
    if (before && isStageRole(before.self.role) && !isStageRole(data.self.role)) this.release({ tell: false });
    if (before && before.state.sound !== data.state.sound) this.#handleSound();
    const muted = isMutedByServer(data);
    if (muted !== null && data.state !== before?.state) this.#mute?.handleState(muted);
  }

  /** The room is made for something else now: the microphone is asked for and sent in another way. */
  #handleSound(): void {
    if (!this.#capture) return;
    // Where it cannot be had anew, the one that there is goes on as it was.
    this.check({}).catch(() => {});
    if (this.#mute) this.#sender.republish();
  }

  /** The server's media start anew. If this side of them is gone too, the same microphone is published again, as muted as it was. */
  #handleRestart(): void {
    clearTimeout(this.#closedTimer);
    if (this.#mute) this.#sender.check({ doubted: true });
  }

  #handleProducerClosed(producerId: string): void {
    if (producerId !== this.#sender.producerId) return;
    this.#sender.drop();
    clearTimeout(this.#closedTimer);
    this.#closedTimer = setTimeout(() => this.#fail('failed'), CLOSED_GRACE_MS);
  }

  async #publish(): Promise<void> {
    if (!this.#capture) await this.check({});
    const capture = this.#capture;
    if (!capture) return;
    capture.track.enabled = false;
    try {
      await this.#sender.publish(capture.track);
    } catch (error) {
      if (this.#capture) throw error;
    }
    // Released in the meantime.
    if (!this.#capture || this.#sender.producerId === null) return this.#sender.stop();
    this.#mute = new MuteControl({
      request: (muted) => this.#context.request('stage:setMuted', { muted }),
      onChange: (muted, audible) => this.#applyMute(muted, audible),
    });
    await this.#mute.set(false);
  }

  #applyMute(muted: boolean, audible: boolean): void {
    if (this.#capture) this.#capture.track.enabled = audible;
    if (!muted) this.#mutedVoice.reset();
    const speakingWhileMuted = muted && this.#state.kind === 'live' && this.#state.speakingWhileMuted;
    this.#setState({ kind: 'live', muted, speakingWhileMuted });
  }

  async #open(options = this.#options): Promise<Capture> {
    const capture: Capture = await Capture.open(options, this.#sound, {
      onLevel: (level) => {
        if (capture === this.#capture) this.#handleLevel(level);
      },
      onEnded: () => {
        if (capture === this.#capture) void this.#handleLostCapture();
      },
      onSilenced: (silenced) => {
        if (capture === this.#capture) this.#handleSilenced(silenced);
      },
    });
    return capture;
  }

  /** The device is gone, or its permission: any other microphone takes over, as muted or open as this one was. */
  async #handleLostCapture(): Promise<void> {
    const generation = ++this.#generation;
    const options = { ...this.#options, deviceId: null };
    try {
      const capture = await this.#open(options);
      if (generation !== this.#generation) return capture.close();
      this.#setOptions(options);
      await this.#replaceCapture(capture);
      this.#callbacks.onNotice({ cause: 'microphoneReplaced' });
    } catch (error) {
      if (generation !== this.#generation) return;
      const problem = microphoneProblemOf(error);
      this.#fail(problem);
      this.#callbacks.onNotice({ cause: 'microphoneLost', problem });
    }
  }

  /**
   * Nobody hears a microphone that the system has silenced, so the room is shown a muted one. It stays muted afterwards: only its owner
   * knows whether what is said now is meant for the room.
   */
  #handleSilenced(silenced: boolean): void {
    if (!this.#mute) return;
    if (silenced && !this.#mute.muted) {
      this.#mute.set(true).catch(() => {});
      this.#callbacks.onNotice({ cause: 'microphoneSilenced' });
    } else if (!silenced && this.#mute.muted) {
      this.#callbacks.onNotice({ cause: 'microphoneBack' });
    }
  }

  async #replaceCapture(capture: Capture): Promise<void> {
    const before = this.#capture;
    this.#capture = capture;
    if (this.#mute || this.#publishing) {
      capture.track.enabled = this.#mute?.audible ?? false;
      await this.#sender.replaceTrack(capture.track).catch(() => this.#sender.republish());
    } else {
      this.#setState({ kind: 'checking' });
    }
    before?.close();
  }

  #handleLevel(level: number): void {
    this.#callbacks.onMeter(toMeter(level));
    if (this.#state.kind !== 'live') return;
    const { muted } = this.#state;
    if (!muted && this.#mute?.audible) this.#callbacks.onVoice(level);
    const speakingWhileMuted = muted && this.#mutedVoice.update(level);
    if (speakingWhileMuted !== this.#state.speakingWhileMuted) {
      this.#setState({ kind: 'live', muted, speakingWhileMuted });
    }
  }

  #fail(problem: MicrophoneProblem): void {
    this.#withdraw();
    this.#stop();
    this.#setState({ kind: 'failed', problem });
  }

  /** Lets the room know that nobody speaks here any more; where it cannot be told, it finds out by itself. */
  #withdraw(): void {
    if (!this.#mute || !this.#context.isConnected()) return;
    this.#context.request('stage:setMuted', { muted: true }).catch(() => {});
    this.#context.request('producer:close').catch(() => {});
  }

  #stop(): void {
    this.#generation++;
    clearTimeout(this.#closedTimer);
    this.#mute?.close();
    this.#mute = null;
    this.#sender.stop();
    this.#capture?.close();
    this.#capture = null;
    this.#mutedVoice.reset();
    this.#callbacks.onMeter(0);
  }

  #setOptions(options: MicrophoneOptions): void {
    this.#options = options;
    this.#callbacks.onOptions(options);
  }

  #setState(state: MicrophoneState): void {
    this.#state = state;
    this.#callbacks.onState(state);
  }
}
