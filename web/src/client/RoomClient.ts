import type { ApiClient } from '@tribune/shared/ApiClient.ts';
import { isStageRole, type ReactionKind } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import type { TicketResponse } from '@tribune/shared/protocol.ts';
import { ReconnectPolicy } from '@tribune/shared/ReconnectPolicy.ts';
import { RoomConnection, type OpenedConnection, type RoomConnectionState } from '@tribune/shared/RoomConnection.ts';
import { SignalingError, type SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { Device } from 'mediasoup-client';
import type { RtpCapabilities } from 'mediasoup-client/types';
import { Listeners } from '../state/Listeners.ts';
import { fromWelcome, RoomStore } from '../state/RoomStore.ts';
import type {
  ConnectionFigures,
  ConnectionState,
  LocalReason,
  MicrophoneOptions,
  Notice,
  RoomView,
} from '../state/types.ts';
import { Broadcast } from './broadcast/Broadcast.ts';
import { HttpPresence } from './broadcast/HttpPresence.ts';
import { PlaneSwitch } from './broadcast/PlaneSwitch.ts';
import { browserEnvironment, type Environment } from './environment.ts';
import { LivenessProbe } from './LivenessProbe.ts';
import { AudioOutput } from './media/AudioOutput.ts';
import { AudioReceiver } from './media/AudioReceiver.ts';
import { toIceServers, type MediaContext } from './media/mediaContext.ts';
import { MediaDeadline } from './media/MediaDeadline.ts';
import { loadOutput } from './media/outputDevices.ts';
import { PlaybackElement } from './media/PlaybackElement.ts';
import { SpeakingMonitor } from './media/SpeakingMonitor.ts';
import { listMicrophones, loadMicrophoneOptions } from './microphone/devices.ts';
import { MicrophoneController } from './microphone/MicrophoneController.ts';
import { ConnectionStats } from './quality/ConnectionStats.ts';
import { QualityReporter } from './quality/QualityReporter.ts';
import { OwnReactions } from './OwnReactions.ts';
import type { RoomClientApi } from './RoomClientApi.ts';
import { RoomEvents } from './RoomEvents.ts';

export interface RoomClientOptions {
  readonly roomId: string;
  /** With the session's token set. */
  readonly api: ApiClient;
  readonly environment?: Environment;
  readonly policy?: ReconnectPolicy;
}

/** One person's presence in one room: joins, stays through what networks do, and lets go of everything at the end. */
export class RoomClient implements RoomClientApi {
  readonly #environment: Environment;
  readonly #connection: RoomConnection;
  readonly #liveness: LivenessProbe;
  readonly #store = new RoomStore(loadMicrophoneOptions());
  readonly #events: RoomEvents;
  readonly #output = new AudioOutput({
    onState: () => this.#showPlayback(),
    onDeviceLost: () => this.#notices.emit({ cause: 'outputLost' }),
  });
  /** Of the sound over HTTP. It has the same device, and loses it at the same moment. */
  readonly #broadcastOutput = new PlaybackElement('broadcast-audio', {
    onState: () => this.#showPlayback(),
    onDeviceLost: () => undefined,
  });
  readonly #broadcast: Broadcast;
  readonly #presence: HttpPresence;
  readonly #planes: PlaneSwitch;
  readonly #monitor = new SpeakingMonitor(() => this.#reporter.handleSound());
  readonly #receiver: AudioReceiver;
  readonly #deadline: MediaDeadline;
  readonly #microphone: MicrophoneController;
  readonly #stats: ConnectionStats;
  readonly #reporter: QualityReporter;
  readonly #notices = new Listeners<[Notice]>();
  readonly #reactions = new Listeners<[Partial<Record<ReactionKind, number>>]>();
  readonly #ownReactions = new OwnReactions();
  /** Made while the first ticket is on its way; null once it is in use, or could not be had. */
  #madeDevice: Promise<Device | null> | null = null;
  /** Has any socket been opened, whatever the server said over it? */
  #socketOpened = false;
  #isSupported = true;
  /** What was built with the last connection may still be in use after it. */
  #media: { readonly device: Device; readonly capabilities: string; readonly iceServers: RTCIceServer[] } | null = null;

  constructor({ roomId, api, environment = browserEnvironment, policy = new ReconnectPolicy() }: RoomClientOptions) {
    this.#environment = environment;
    this.#broadcast = new Broadcast({
      ...{ roomId, output: this.#broadcastOutput },
      onRoom: (live) => this.#presence.handleRoom(live),
    });
    this.#connection = new RoomConnection({
      ...{ api, roomId, policy },
      prepare: async (ticket) => this.#prepare(ticket),
      transportIds: () => [this.#receiver.newestTransport, this.#microphone.transport].flatMap((it) => it?.id ?? []),
      createSocket: (url, auth) => environment.createSocket(url, auth, () => (this.#socketOpened = true)),
      subscribe: (signaling) => this.#events.attach(signaling),
      onState: (state) => this.#handleState(state),
      hearsOverHttp: () => this.#broadcast.isSupported && !this.#broadcast.isFailing,
    });
    const { request } = this.#connection;
    this.#events = new RoomEvents({ store: this.#store, request });
    this.#liveness = new LivenessProbe({ connection: this.#connection, ask: async () => this.#events.resync() });
    const context = this.#createContext();
    this.#reporter = new QualityReporter({ request, getFigures: () => this.#stats.getFigures() });
    this.#events.on('media:restart', () => this.#expectSound(performance.now()));
    this.#receiver = new AudioReceiver({
      ...{ context, output: this.#output, monitor: this.#monitor, events: this.#events },
      startDelayMs: () => this.#planes.startDelayMs,
    });
    this.#presence = new HttpPresence({
      ...{ roomId, api, connection: this.#connection, store: this.#store, monitor: this.#monitor },
      onReactions: (counts) => this.#showReactions(this.#ownReactions.withoutOwn(counts, performance.now())),
    });
    this.#planes = new PlaneSwitch({
      ...{ connection: this.#connection, store: this.#store, receiver: this.#receiver, output: this.#output },
      ...{ broadcast: this.#broadcast, broadcastOutput: this.#broadcastOutput },
      isLoud: () => this.#monitor.isAnyoneSpeaking,
      onSkip: (ms) => this.#notices.emit({ cause: 'skipped', seconds: Math.round(ms / 1000) }),
      onPlane: () => this.#showPlayback(),
    });
    this.#deadline = new MediaDeadline({
      isConnecting: () => this.#receiver.isConnecting,
      leaveNode: () => this.#connection.leaveNode(),
      onUnreachable: () => {
        if (!this.#planes.isHttp) this.#notices.emit({ cause: 'mediaUnreachable' });
      },
    });
    this.#microphone = new MicrophoneController({
      ...{ context, store: this.#store, events: this.#events },
      onVoice: (level) => {
        const { data } = this.#store.parts;
        if (data) this.#monitor.reportLevel(data.self.userId, level);
      },
      onNotice: (notice) => this.#notices.emit(notice),
    });
    this.#stats = new ConnectionStats({
      getTransports: () => [this.#receiver.transport, this.#microphone.transport].filter((it) => it !== null),
      onQuality: (quality) => this.#store.set({ quality }),
    });
    this.#events.on('recording:lost', ({ from, to }) =>
      this.#notices.emit({ cause: to > from ? 'recordingLost' : 'recordingStalled' }),
    );
    this.#events.on('room:pulse', ({ reactions }) => {
      if (reactions) this.#showReactions(this.#ownReactions.withoutOwn(reactions, performance.now()));
    });
    this.#events.on('self:changed', ({ cause, by }) => this.#notices.emit({ cause, by }));
  }

  subscribe(listener: () => void): () => void {
    return this.#store.subscribe(listener);
  }

  getView(): RoomView | null {
    return this.#store.view;
  }

  getConnection(): ConnectionState {
    return this.#store.parts.connection;
  }

  async join(): Promise<void> {
    if (this.getConnection().kind === 'closed') return;
    this.#output.attach();
    this.#broadcastOutput.attach();
    this.#liveness.start();
    this.setOutput(loadOutput());
    this.#madeDevice ??= this.#environment.createDevice().catch((error: unknown) => this.#handleNoDevice(error));
    this.#connection.join().catch(() => {
      // The state says why.
    });
    this.#planes.start();
    if (this.getConnection().kind !== 'connecting') return;
    await new Promise<void>((resolve) => {
      const stop = this.subscribe(() => {
        if (this.getConnection().kind === 'connecting') return;
        stop();
        resolve();
      });
    });
  }

  leave(): void {
    const { data } = this.#store.parts;
    // Whoever goes on purpose gives their place free; whoever is lost keeps it for a while, and the host keeps the room.
    if (data && can(data.self.role, 'stage:leave')) this.request('stage:leave').catch(() => {});
    this.#connection.close();
  }

  readonly request: SignalingClient['request'] = async (name, ...rest) => {
    const isHand = name === 'hand:raise' || name === 'hand:lower';
    // One that is up already is up where the connection leads to.
    const isUp = (this.#store.parts.data?.self.handPlace ?? null) !== null;
    if (!isHand || isUp || !this.#isHttpAlone) return this.#connection.request(name, ...rest);
    this.#planes.wantsHand = name === 'hand:raise';
    return null as never;
  };

  async startPlayback(): Promise<void> {
    await Promise.all([this.#output.start(), this.#broadcastOutput.start()]);
  }

  pausePlayback(): void {
    this.#output.pause();
    this.#broadcastOutput.pause();
  }

  setOutput(deviceId: string | null): void {
    void this.#output.setDevice(deviceId);
    void this.#broadcastOutput.setDevice(deviceId);
  }

  setVolume(volume: number): void {
    this.#output.setVolume(volume);
    this.#broadcastOutput.setVolume(volume);
  }

  async checkMicrophone(options: Partial<MicrophoneOptions> = {}): Promise<void> {
    await this.#microphone.check(options);
  }

  async publishMicrophone(): Promise<void> {
    await this.#microphone.publish();
  }

  async setMuted(muted: boolean): Promise<void> {
    await this.#microphone.setMuted(muted);
  }

  releaseMicrophone(): void {
    this.#microphone.release();
  }

  async listMicrophones(): Promise<readonly { readonly deviceId: string; readonly label: string }[]> {
    return listMicrophones();
  }

  subscribeLevel(listener: (level: number) => void): () => void {
    return this.#microphone.subscribeLevel(listener);
  }

  subscribeSpeaking(userId: string, listener: () => void): () => void {
    return this.#monitor.subscribe(userId, listener);
  }

  isSpeaking(userId: string): boolean {
    return this.#monitor.isSpeaking(userId);
  }

  async react(kind: ReactionKind): Promise<void> {
    const forget = this.#ownReactions.add(kind, performance.now());
    this.#showReactions({ [kind]: 1 });
    try {
      if (this.#isHttpAlone) await this.#presence.react(kind);
      else await this.#connection.request('reaction:send', { kind });
    } catch (error) {
      forget();
      throw error;
    }
  }

  onReactions(listener: (counts: Partial<Record<ReactionKind, number>>) => void): () => void {
    return this.#reactions.add(listener);
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    return this.#notices.add(listener);
  }

  async getFigures(): Promise<ConnectionFigures> {
    return this.#stats.getFigures();
  }

  #showPlayback(): void {
    this.#store.set({ playback: (this.#planes.isHttp ? this.#broadcastOutput : this.#output).state });
  }

  get #isHttpAlone(): boolean {
    return this.#planes.isHttp && this.#connection.opened === null;
  }

  #showReactions(counts: Partial<Record<ReactionKind, number>>): void {
    if (Object.keys(counts).length > 0) this.#reactions.emit(counts);
  }

  #createContext(): MediaContext {
    const mediaOrThrow = () => {
      if (!this.#media) throw new SignalingError({ code: 'UNAVAILABLE', message: 'Never connected' });
      return this.#media;
    };
    return {
      request: this.#connection.request,
      isConnected: () => this.#connection.opened !== null,
      probeConnection: () => void this.#liveness.probe(),
      getDeviceOrThrow: () => mediaOrThrow().device,
      getIceServers: (newer) => (newer ? toIceServers(newer) : mediaOrThrow().iceServers),
    };
  }

  /** A device is loaded once for the same capabilities: transports that are kept belong to it. */
  async #prepare(ticket: TicketResponse): Promise<RtpCapabilities> {
    const capabilities = JSON.stringify(ticket.rtpCapabilities);
    let device = this.#media?.capabilities === capabilities ? this.#media.device : null;
    if (!device) {
      device = (await this.#madeDevice) ?? (await this.#environment.createDevice());
      this.#madeDevice = null;
      // The server's mediasoup names a few extensions more than the client's; what it does not know, it leaves out.
      await device.load({ routerRtpCapabilities: ticket.rtpCapabilities as RtpCapabilities });
    }
    this.#media = { device, capabilities, iceServers: toIceServers(ticket.iceServers) };
    return device.recvRtpCapabilities;
  }

  #handleState(state: RoomConnectionState): void {
    switch (state.kind) {
      case 'joined':
        this.#handleJoined(state);
        break;
      // Nobody has to see that the room has changed nodes: the sound goes on.
      case 'moving':
        break;
      case 'resuming': {
        const cause = navigator.onLine ? 'server' : 'offline';
        this.#store.set({ connection: { kind: 'resuming', cause, attempt: state.attempt } });
        break;
      }
      case 'closed':
        this.#release();
        this.#store.set({ connection: { kind: 'closed', reason: this.#localReasonOf(state) ?? state.reason } });
        break;
      case 'broadcast':
        // Nothing more comes over WebRTC.
        this.#receiver.handleOffer({ kind: 'none' });
        this.#store.set({ connection: state });
        break;
      case 'connecting':
        if (this.#store.parts.connection.kind !== 'connecting') this.#store.set({ connection: { kind: 'connecting' } });
        break;
      default:
        this.#store.set({ connection: state });
    }
    this.#planes.look();
  }

  /** Code that could not be fetched is asked for again with the ticket; a browser without WebRTC is told at once. */
  #handleNoDevice(error: unknown): null {
    if (error instanceof Error && error.name === 'UnsupportedError') {
      this.#isSupported = false;
      this.#connection.close();
    }
    return null;
  }

  /** What this page knows better than the connection: each attempt had its ticket over HTTP, and no socket ever opened. */
  #localReasonOf({ reason, error }: Extract<RoomConnectionState, { kind: 'closed' }>): LocalReason | null {
    if (!this.#isSupported) return 'unsupported';
    const onlySocketFailed = error instanceof SignalingError && !this.#socketOpened && navigator.onLine;
    return reason === 'UNAVAILABLE' && onlySocketFailed ? 'socketBlocked' : null;
  }

  #handleJoined({ welcome, askedAt }: OpenedConnection): void {
    const { snapshot, media, reportEveryS } = welcome;
    this.#presence.leave();
    this.#events.handleWelcome(snapshot);
    this.#store.set({ data: fromWelcome(snapshot), connection: { kind: 'joined' } });
    if (media.kind === 'new') this.#expectSound(askedAt);
    this.#receiver.handleOffer(media);
    // Whoever is on stage has to be where the stage is.
    if (media.kind === 'new' && !isStageRole(snapshot.self.role)) this.#deadline.start();
    this.#microphone.handleWelcome(media.kind === 'kept');
    this.#stats.start();
    this.#reporter.start(reportEveryS);
    if (this.#planes.wantsHand) this.#raiseHand();
  }

  /** They wanted to while they were heard of over HTTP alone. */
  #raiseHand(): void {
    this.#planes.wantsHand = false;
    this.#connection.request('hand:raise').catch((error) => this.#notices.emit({ cause: 'refused', error }));
  }

  /** Is there someone else whose sound should come? A wait for somebody to speak is not one for the network. */
  #expectSound(askedAt: number): void {
    const { data } = this.#store.parts;
    const isAnyoneOpen = data?.state.stage.some((it) => !it.muted && !it.away && it.userId !== data.self.userId);
    this.#reporter.expectSound(isAnyoneOpen ? askedAt : null);
  }

  #release(): void {
    this.#liveness.stop();
    this.#deadline.stop();
    this.#events.close();
    this.#microphone.close();
    this.#receiver.close();
    this.#monitor.close();
    this.#planes.stop();
    this.#output.close();
    this.#broadcastOutput.close();
    this.#stats.stop();
    this.#reporter.stop();
  }
}
