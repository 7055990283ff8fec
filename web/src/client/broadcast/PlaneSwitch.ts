import { isStageRole } from '@tribune/shared/domain.ts';
import type { RoomConnection } from '@tribune/shared/RoomConnection.ts';
import type { AudioOutput } from '../media/AudioOutput.ts';
import type { AudioReceiver } from '../media/AudioReceiver.ts';
import { MAX_DELAY_MS } from '../media/MixClock.ts';
import type { PlaybackElement } from '../media/PlaybackElement.ts';
import type { RoomStore } from '../../state/RoomStore.ts';
import type { HttpCause } from '../../state/types.ts';
import { Alignment } from './Alignment.ts';
import type { Broadcast } from './Broadcast.ts';
import { choosePlane } from './choosePlane.ts';
import { crossfade } from './crossfade.ts';

const LOOK_MS = 100;
/** While nothing is under way, every fifth look is enough. */
const CALM_LOOKS = 5;
/** WebRTC that is connected brings something within less. */
const SOUND_WAIT_MS = 6000;
/** After a move, what is heard over WebRTC comes so much nearer to the moment with each look: hurrying by 8 %, which nobody hears. */
const CATCH_UP_MS = 8;
/** To be told of: more than a syllable was left out. */
const SKIPPED_MS = 500;
/** Who has nothing to do on WebRTC any more goes back to the broadcast after this. */
const STEP_BACK_MS = 10_000;

interface PlaneSwitchOptions {
  readonly connection: RoomConnection;
  readonly store: RoomStore;
  readonly receiver: AudioReceiver;
  /** What comes over WebRTC. */
  readonly output: AudioOutput;
  readonly broadcast: Broadcast;
  /** What comes over HTTP. */
  readonly broadcastOutput: PlaybackElement;
  /** Does anybody speak in what comes over WebRTC? */
  readonly isLoud: () => boolean;
  /** So much was left out with the move. */
  readonly onSkip: (ms: number) => void;
  /** One hears the other plane now. */
  readonly onPlane: () => void;
}

/** Which of the two planes one hears, and the way from one to the other. */
export class PlaneSwitch {
  readonly #options: PlaneSwitchOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #pathlessSince = performance.now();
  #openSince: number | null = null;
  #wasOpen = false;
  /** Why one hears HTTP; null is WebRTC. */
  #cause: HttpCause | null = null;
  #alignment: Alignment | null = null;
  /** Of WebRTC, while it comes nearer; null is what the browser thinks best. */
  #delayMs: number | null = null;
  #idleSince: number | null = null;
  /** The place over WebRTC is being given back. */
  #isSteppingBack = false;
  /** The broadcast has been started, to go back to it. */
  #isStepPrepared = false;
  #calmLooks = 0;
  #wantsHand = false;

  constructor(options: PlaneSwitchOptions) {
    this.#options = options;
  }

  get isHttp(): boolean {
    return this.#cause !== null;
  }

  /** So late a mix begins to play that comes now: as late as what one hears. */
  get startDelayMs(): number | null {
    const { behindS } = this.#options.broadcast;
    const isReachable = behindS !== null && behindS * 1000 < MAX_DELAY_MS;
    return this.#cause !== null && isReachable ? behindS * 1000 : null;
  }

  /** The hand goes up with the next place. */
  get wantsHand(): boolean {
    return this.#wantsHand;
  }

  set wantsHand(wanted: boolean) {
    const { connection } = this.#options;
    this.#wantsHand = wanted;
    if (wanted) connection.seekPlace();
    else if (!connection.opened) connection.giveUpPlace();
    this.#show();
  }

  start(): void {
    this.#pathlessSince = performance.now();
    if (this.#options.broadcast.isSupported) this.#timer = setInterval(() => this.#lookAgain(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#options.broadcast.stop();
    this.#cause = null;
  }

  #lookAgain(): void {
    const isCalm = this.#cause === null && this.#delayMs === null && this.#alignment === null;
    this.#calmLooks = isCalm ? this.#calmLooks + 1 : CALM_LOOKS;
    if (this.#calmLooks >= CALM_LOOKS) this.look();
  }

  /** With each change of the connection, and now and then. */
  look(): void {
    this.#calmLooks = 0;
    const { connection, receiver, store, broadcast } = this.#options;
    if (!broadcast.isSupported) return;
    const { path } = receiver;
    const now = performance.now();
    if (path !== 'connecting') this.#pathlessSince = now;
    this.#wasOpen ||= path === 'open';
    this.#openSince = path === 'open' ? (this.#openSince ?? now) : null;
    const { data } = store.parts;
    const isOnStage = data !== null && isStageRole(data.self.role);
    const { state } = connection;
    const facts = { isOnStage, path, pathlessMs: now - this.#pathlessSince, wasOpen: this.#wasOpen };
    if (isOnStage || this.#wantsHand || state.kind === 'broadcast') this.#isSteppingBack = false;
    const cause = this.#isSteppingBack ? 'broadcast' : choosePlane({ connection: state, ...facts });
    if (state.kind === 'closed') this.stop();
    else if (cause !== null) this.#hearHttp(cause);
    else if (this.#cause !== null) this.#leaveHttp({ atOnce: isOnStage });
    else if (this.#mayStepBack(now)) this.#stepBack();
    else {
      this.#callOffStepBack();
      this.#catchUp();
    }
    this.#show();
  }

  /** There is nothing else to hear. */
  #hearHttp(cause: HttpCause): void {
    const { broadcast, broadcastOutput, output, receiver } = this.#options;
    const isNew = this.#cause === null;
    this.#cause = cause;
    this.#isStepPrepared = false;
    if (this.#alignment) {
      this.#alignment = null;
      broadcast.sound?.setRate(null);
    }
    // What was paused from outside stays so.
    if (isNew && output.state === 'paused') broadcastOutput.pause();
    broadcast.start();
    if (!isNew) return;
    broadcastOutput.setGain(1);
    output.setGain(0);
    // Where what was heard so far broke off.
    const brokeOffMs = receiver.current?.mixClock?.lastPositionMs(Date.now()) ?? null;
    if (brokeOffMs !== null) broadcast.sound?.seek(brokeOffMs);
  }

  /** WebRTC takes over as soon as both are at the same moment. */
  #leaveHttp({ atOnce }: { atOnce: boolean }): void {
    const { receiver, connection, broadcast, output, broadcastOutput } = this.#options;
    if (atOnce || (connection.state.kind === 'joined' && receiver.path === 'idle')) return this.#takeOver();
    if (this.#openSince === null) return;
    const clock = receiver.current?.mixClock ?? null;
    const hasSound = clock !== null && clock.silentMs !== null;
    const isSilent = !hasSound && performance.now() - this.#openSince > SOUND_WAIT_MS;
    const { sound, behindS } = broadcast;
    // There is nothing to meet: nobody hears anything over HTTP, or no mix comes over WebRTC.
    const isHeard = sound !== null && behindS !== null && broadcastOutput.state === 'playing';
    if (!isHeard || !clock || isSilent) return this.#takeOver();
    this.#alignment ??= new Alignment(sound, clock, behindS * 1000);
    const jumpMs = this.#alignment.look(this.#options.isLoud());
    if (jumpMs === null) return;
    // From here on it comes nearer, instead of going on to where the two were to meet.
    this.#delayMs = jumpMs > SKIPPED_MS ? 0 : behindS * 1000;
    this.#cause = null;
    this.#alignment = null;
    void crossfade(broadcastOutput, output).then(() => {
      if (this.#cause === null) broadcast.stop();
    });
    if (jumpMs > SKIPPED_MS) this.#options.onSkip(jumpMs);
  }

  /** Without a fade: there is nothing to fade, or no time for it. */
  #takeOver(): void {
    const { broadcast, broadcastOutput, output } = this.#options;
    const isPaused = broadcastOutput.state === 'paused';
    this.#cause = null;
    this.#alignment = null;
    this.#delayMs = 0;
    output.setGain(1);
    if (isPaused) output.pause();
    broadcast.stop();
  }

  #catchUp(): void {
    if (this.#delayMs === null) return;
    this.#delayMs -= CATCH_UP_MS;
    if (this.#delayMs <= 0) this.#delayMs = null;
    this.#options.receiver.current?.mixClock?.delay(this.#delayMs);
  }

  /** In a broadcast, a place over WebRTC is for those who have something to do there. */
  #mayStepBack(now: number): boolean {
    const { connection, store, output } = this.#options;
    const { data } = store.parts;
    const isIdle =
      connection.state.kind === 'joined' &&
      data?.room.isBroadcast === true &&
      data.state.phase === 'live' &&
      !isStageRole(data.self.role) &&
      data.self.handPlace === null &&
      data.self.invitedBy === null &&
      output.state === 'playing';
    this.#idleSince = isIdle ? (this.#idleSince ?? now) : null;
    return this.#idleSince !== null && now - this.#idleSince > STEP_BACK_MS;
  }

  #stepBack(): void {
    const { connection, receiver, broadcast, output, broadcastOutput } = this.#options;
    if (!broadcast.isWanted) {
      broadcastOutput.setGain(0);
      broadcast.start();
      this.#isStepPrepared = true;
    }
    const { sound, behindS } = broadcast;
    const clock = receiver.current?.mixClock ?? null;
    if (!sound || !clock || behindS === null) return;
    this.#alignment ??= new Alignment(sound, clock, behindS * 1000);
    const jumpMs = this.#alignment.look(this.#options.isLoud());
    if (jumpMs === null) return;
    this.#cause = 'broadcast';
    this.#isSteppingBack = true;
    this.#isStepPrepared = false;
    this.#alignment = null;
    this.#idleSince = null;
    sound.setRate(null);
    void crossfade(output, broadcastOutput).then(() => connection.giveUpPlace());
  }

  /** They have something to do on WebRTC again before they were back on HTTP. */
  #callOffStepBack(): void {
    const { broadcast } = this.#options;
    if (!this.#isStepPrepared) return;
    this.#isStepPrepared = false;
    if (this.#alignment) this.#delayMs = Math.min(MAX_DELAY_MS, (broadcast.behindS ?? 0) * 1000);
    this.#alignment = null;
    broadcast.stop();
  }

  #show(): void {
    const { store, broadcast, onPlane } = this.#options;
    const { plane } = store.parts;
    if (this.#cause === null) {
      if (plane.kind === 'webrtc') return;
      store.set({ plane: { kind: 'webrtc' } });
      return onPlane();
    }
    const { behindS: exactS } = broadcast;
    // A figure that goes to and fro between two is read as two.
    const shownS = plane.kind === 'http' ? plane.behindS : null;
    const isNear = exactS === null || (shownS !== null && Math.abs(exactS - shownS) < 0.7);
    const behindS = isNear ? shownS : Math.round(exactS);
    const next = { kind: 'http', cause: this.#cause, behindS, wantsHand: this.#wantsHand } as const;
    const isSame =
      plane.kind === 'http' &&
      plane.cause === next.cause &&
      plane.behindS === behindS &&
      plane.wantsHand === next.wantsHand;
    if (!isSame) store.set({ plane: next });
    if (plane.kind === 'webrtc') onPlane();
  }
}
