import type { ApiClient } from '@tribune/shared/ApiClient.ts';
import { isStageRole, type ReactionKind, type RoomSnapshot } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import type { Notifications, Pulse } from '@tribune/shared/protocol.ts';
import { SignalingError, type SignalingClient } from '@tribune/shared/SignalingClient.ts';
import {
  fromWelcome,
  isBehind,
  isMutedByServer,
  reduceRoom,
  type RoomData,
  type RoomEvent,
} from '../state/roomState.ts';
import { createActions } from './actions.ts';
import { AudioOutput } from './AudioOutput.ts';
import { AudioReceiver } from './AudioReceiver.ts';
import { Connector, type Connection } from './Connection.ts';
import { ConnectionStats } from './ConnectionStats.ts';
import { listMicrophones, loadMicrophoneOptions, saveMicrophoneOptions } from './devices.ts';
import { browserEnvironment, type Environment } from './environment.ts';
import { Link } from './Link.ts';
import { Listeners } from './Listeners.ts';
import type { MediaContext } from './mediaContext.ts';
import type { Publisher } from './Publisher.ts';
import { QualityReporter } from './QualityReporter.ts';
import { ReconnectPolicy } from '@tribune/shared/ReconnectPolicy.ts';
import { SpeakingMonitor } from './SpeakingMonitor.ts';
import type {
  ConnectionFigures,
  ConnectionState,
  MicrophoneOptions,
  Notice,
  RoomActions,
  RoomClientApi,
  RoomView,
} from './types.ts';
import { ViewStore } from './ViewStore.ts';

export interface RoomClientOptions {
  readonly roomId: string;
  /** With the session's token set. */
  readonly api: ApiClient;
  readonly environment?: Environment;
  readonly policy?: ReconnectPolicy;
}

/** One person's presence in one room: joins, stays through what networks do, and lets go of everything at the end. */
export class RoomClient implements RoomClientApi {
  readonly actions: RoomActions;
  readonly #store: ViewStore;
  readonly #link: Link;
  readonly #context: MediaContext;
  readonly #output: AudioOutput;
  readonly #monitor = new SpeakingMonitor(() => this.#reporter.handleSound());
  readonly #receiver: AudioReceiver;
  readonly #stats: ConnectionStats;
  readonly #reporter: QualityReporter;
  readonly #reactions = new Listeners<[Partial<Record<ReactionKind, number>>]>();
  readonly #notices = new Listeners<[Notice]>();
  readonly #meter = new Listeners<[number]>();
  /** The last connection, open or not: what was built with it may still be in use. */
  #connection: Connection | null = null;
  #publisher: Publisher | null = null;
  #loadingPublisher: Promise<Publisher | null> | null = null;
  /** The newest state that a snapshot was asked for. */
  #resyncedSeq = 0;

  constructor({ roomId, api, environment = browserEnvironment, policy = new ReconnectPolicy() }: RoomClientOptions) {
    this.#context = this.#createContext();
    this.actions = createActions(this.#context.request);
    this.#store = new ViewStore({
      connection: { kind: 'connecting' },
      data: null,
      microphone: { kind: 'off' },
      microphoneOptions: loadMicrophoneOptions(),
      playback: 'idle',
      quality: 'good',
    });
    const connector = new Connector({ api, roomId, environment, subscribe: (signaling) => this.#subscribe(signaling) });
    this.#link = new Link({
      policy,
      open: (signal) => connector.open(signal),
      probe: () => this.#resync(),
      onJoined: (connection) => this.#handleJoined(connection),
      onState: (state) => this.#handleState(state),
    });
    this.#output = new AudioOutput((playback) => this.#store.set({ playback }));
    this.#receiver = new AudioReceiver({ context: this.#context, output: this.#output, monitor: this.#monitor });
    this.#stats = new ConnectionStats({
      getTransports: () => [this.#receiver.transport, this.#publisher?.transport ?? null].filter((it) => it !== null),
      onQuality: (quality) => this.#store.set({ quality }),
    });
    this.#reporter = new QualityReporter({
      request: this.#context.request,
      getFigures: () => this.#stats.getFigures(),
    });
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

  /** Resolves once inside, or once it is certain that it will not be; `getConnection()` tells which. */
  async join(): Promise<void> {
    this.#output.attach();
    this.#link.start();
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
    // Who goes on purpose gives their place free; who is lost keeps it for a while, and the host keeps the room.
    if (data && can(data.self.role, 'stage:leave')) void this.actions.leaveStage().catch(() => {});
    this.#link.close('left');
  }

  async startPlayback(): Promise<void> {
    await this.#output.start();
  }

  setVolume(volume: number): void {
    this.#output.setVolume(volume);
  }

  async checkMicrophone(options: Partial<MicrophoneOptions> = {}): Promise<void> {
    const publisher = this.#publisher ?? (await this.#loadPublisher());
    await publisher?.check(options);
  }

  async publishMicrophone(): Promise<void> {
    const publisher = this.#publisher ?? (await this.#loadPublisher());
    await publisher?.publish();
  }

  async setMuted(muted: boolean): Promise<void> {
    await this.#publisher?.setMuted(muted);
  }

  releaseMicrophone(): void {
    // What was asked for before the code for it has arrived is called off with it.
    this.#loadingPublisher = null;
    if (this.#publisher) this.#publisher.release({ tell: true });
    else this.#store.set({ microphone: { kind: 'off' } });
  }

  async listMicrophones(): Promise<readonly { readonly deviceId: string; readonly label: string }[]> {
    return listMicrophones();
  }

  subscribeLevel(listener: (level: number) => void): () => void {
    return this.#meter.add(listener);
  }

  subscribeSpeaking(userId: string, listener: () => void): () => void {
    return this.#monitor.subscribe(userId, listener);
  }

  isSpeaking(userId: string): boolean {
    return this.#monitor.isSpeaking(userId);
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

  #createContext(): MediaContext {
    return {
      request: async (...args) => {
        const connection = this.#link.connection ?? (await this.#link.afterMove());
        if (!connection) throw new SignalingError({ code: 'UNAVAILABLE', message: 'Not connected' });
        return connection.signaling.request(...args);
      },
      isConnected: () => this.#link.connection !== null,
      doubt: () => void this.#link.suspect(),
      getDeviceOrThrow: () => this.#connectionOrThrow().device,
      getIceServers: () => this.#connectionOrThrow().iceServers,
    };
  }

  #connectionOrThrow(): Connection {
    if (!this.#connection) throw new SignalingError({ code: 'UNAVAILABLE', message: 'Never connected' });
    return this.#connection;
  }

  #subscribe(signaling: SignalingClient): void {
    signaling.on('room:state', (state) => this.#reduce({ type: 'state', state }));
    signaling.on('room:pulse', (pulse) => this.#handlePulse(pulse));
    signaling.on('hands:changed', ({ hands }) => this.#reduce({ type: 'hands', hands }));
    signaling.on('self:changed', (change) => this.#handleSelfChanged(change));
    signaling.on('media:restart', ({ withinMs }) => {
      this.#reporter.expectSound(this.#isAnyoneOpen() ? performance.now() : null);
      this.#receiver.handleRestart(withinMs);
      this.#publisher?.handleRestart();
    });
    signaling.on('consumer:created', (info, ack) => this.#receiver.handleConsumerCreated(info, () => ack?.()));
    signaling.on('consumer:closed', ({ consumerId }) => this.#receiver.handleConsumerClosed(consumerId));
    signaling.on('producer:closed', ({ producerId }) => this.#publisher?.handleProducerClosed(producerId));
  }

  #handleJoined(connection: Connection): void {
    const { snapshot, media, reportEveryS } = connection.welcome;
    this.#connection = connection;
    this.#resyncedSeq = snapshot.state.seq;
    this.#setData(fromWelcome(snapshot), { kind: 'joined' });
    if (media.kind === 'new') this.#reporter.expectSound(this.#isAnyoneOpen() ? connection.askedAt : null);
    this.#receiver.handleOffer(media);
    this.#publisher?.handleWelcome(media.kind === 'kept');
    this.#muteIfSilent();
    this.#stats.start();
    this.#reporter.start(reportEveryS);
  }

  /** Is there someone else whose sound should come? A wait for somebody to speak is not one for the network. */
  #isAnyoneOpen(): boolean {
    const { data } = this.#store.parts;
    return data?.state.stage.some((it) => !it.muted && !it.away && it.userId !== data.self.userId) ?? false;
  }

  /** A page that was opened or reloaded on stage sends nothing yet: the room should not show an open microphone. */
  #muteIfSilent(): void {
    const { data, microphone } = this.#store.parts;
    if (microphone.kind === 'live' || !data || isMutedByServer(data) !== false) return;
    this.#context.request('stage:setMuted', { muted: true }).catch(() => {});
  }

  #handleState(connection: ConnectionState): void {
    if (connection.kind === 'closed') this.#release();
    this.#store.set({ connection });
  }

  #handlePulse(pulse: Pulse): void {
    const { data } = this.#store.parts;
    if (!data) return;
    this.#reduce({ type: 'pulse', pulse });
    if (pulse.reactions) this.#reactions.emit(pulse.reactions);
    if (isBehind(data, pulse) && pulse.seq > this.#resyncedSeq) {
      this.#resyncedSeq = pulse.seq;
      this.#resync().catch(() => {
        // The next pulse asks again.
        this.#resyncedSeq = 0;
      });
    }
  }

  #handleSelfChanged({ self, cause, by }: Notifications['self:changed']): void {
    this.#reduce({ type: 'self', self });
    if (cause === 'muted') this.#publisher?.handleMutedByModerator();
    this.#notices.emit({ cause, by });
  }

  async #resync(): Promise<RoomSnapshot> {
    const snapshot = await this.#context.request('room:snapshot');
    this.#reduce({ type: 'snapshot', snapshot });
    return snapshot;
  }

  #reduce(event: RoomEvent): void {
    const { data } = this.#store.parts;
    if (data && this.getConnection().kind !== 'closed') this.#setData(reduceRoom(data, event));
  }

  /** Takes the new data over, and lets the microphone follow what the server decided about this person. */
  #setData(data: RoomData, connection = this.getConnection()): void {
    const before = this.#store.parts.data;
    this.#store.set({ data, connection });
    const leftStage = before !== null && isStageRole(before.self.role) && !isStageRole(data.self.role);
    if (leftStage) this.#publisher?.release({ tell: false });
    const muted = isMutedByServer(data);
    if (muted !== null && data.state !== before?.state) this.#publisher?.handleServerMuted(muted);
  }

  /** The first time only. Null when it was called off, or cannot be had; the state of the microphone says so. */
  async #loadPublisher(): Promise<Publisher | null> {
    if (this.getConnection().kind === 'closed') return null;
    this.#store.set({ microphone: { kind: 'starting' } });
    this.#loadingPublisher ??= import('./Publisher.ts').then(
      ({ Publisher: Loaded }) => this.#createPublisher(Loaded),
      () => null,
    );
    const loading = this.#loadingPublisher;
    const publisher = await loading;
    if (this.#loadingPublisher === loading) {
      this.#loadingPublisher = null;
      this.#publisher = publisher;
      if (!publisher) this.#store.set({ microphone: { kind: 'failed', problem: 'failed' } });
    }
    return this.#publisher;
  }

  #createPublisher(Loaded: typeof Publisher): Publisher {
    return new Loaded({
      context: this.#context,
      options: this.#store.parts.microphoneOptions,
      onState: (microphone) => this.#store.set({ microphone }),
      onOptions: (microphoneOptions) => {
        saveMicrophoneOptions(microphoneOptions);
        this.#store.set({ microphoneOptions });
      },
      onMeter: (level) => this.#meter.emit(level),
      onVoice: (level) => {
        const { data } = this.#store.parts;
        if (data) this.#monitor.reportLevel(data.self.userId, level);
      },
    });
  }

  #release(): void {
    this.releaseMicrophone();
    this.#publisher = null;
    this.#receiver.close();
    this.#monitor.close();
    this.#output.close();
    this.#stats.stop();
    this.#reporter.stop();
  }
}
