import type { ReactionKind } from '@tribune/shared/domain.ts';
import type { RequestName } from '@tribune/shared/protocol.ts';
import type { RoomClientApi } from '../src/client/RoomClientApi.ts';
import type { ConnectionState, Notice, RoomView } from '../src/state/types.ts';
import { crowd, roomHealth } from './fixtures.ts';

type Listener = () => void;

type Answers = Partial<Record<RequestName, (data: never) => Promise<unknown>>>;

/** What is asked and brings something; everything else succeeds and brings nothing. */
const ANSWERS: Answers = {
  'room:health': () => Promise.resolve(roomHealth()),
  'audience:list': ({ query }: { query: string }) => {
    const people = crowd.filter(({ name }) => name.toLowerCase().includes(query.toLowerCase())).slice(0, 8);
    return Promise.resolve({ people, total: query === '' ? 1204 : people.length });
  },
  'ban:list': () => Promise.resolve(crowd.slice(8, 10)),
};

/** A room without a server: a view that the story or the test sets, and a record of what was asked of it. */
export class FakeRoomClient implements RoomClientApi {
  readonly asked: string[] = [];
  readonly #answers: Answers;
  #view: RoomView | null;
  #connection: ConnectionState;
  readonly #listeners = new Set<Listener>();
  readonly #speaking = new Set<string>();
  readonly #speakingListeners = new Map<string, Set<Listener>>();
  readonly #reactionListeners = new Set<(counts: Partial<Record<ReactionKind, number>>) => void>();
  readonly #noticeListeners = new Set<(notice: Notice) => void>();
  readonly #levelListeners = new Set<(level: number) => void>();

  constructor(
    view: RoomView | null,
    answers: Answers = {},
    connection: ConnectionState = view?.connection ?? { kind: 'connecting' },
  ) {
    this.#view = view;
    this.#connection = connection;
    this.#answers = { ...ANSWERS, ...answers };
  }

  readonly request: RoomClientApi['request'] = async (name, ...[data]) => {
    return (await this.#answers[name]?.(data as never)) as never;
  };

  set(changes: Partial<RoomView>): void {
    if (!this.#view) throw new Error('There is no view to change');
    this.#view = { ...this.#view, ...changes };
    this.#connection = this.#view.connection;
    for (const listener of this.#listeners) listener();
  }

  close(reason: Extract<ConnectionState, { kind: 'closed' }>['reason']): void {
    this.#connection = { kind: 'closed', reason };
    for (const listener of this.#listeners) listener();
  }

  speak(userId: string, speaking: boolean): void {
    if (speaking) this.#speaking.add(userId);
    else this.#speaking.delete(userId);
    for (const listener of this.#speakingListeners.get(userId) ?? []) listener();
  }

  /** What a pulse brings. */
  pulse(counts: Partial<Record<ReactionKind, number>>): void {
    for (const listener of this.#reactionListeners) listener(counts);
  }

  notice(notice: Notice): void {
    for (const listener of this.#noticeListeners) listener(notice);
  }

  level(level: number): void {
    for (const listener of this.#levelListeners) listener(level);
  }

  subscribe(listener: Listener): () => void {
    return added(this.#listeners, listener);
  }

  getView(): RoomView | null {
    return this.#view;
  }

  getConnection(): ConnectionState {
    return this.#connection;
  }

  join(): Promise<void> {
    return this.#record('join');
  }

  leave(): void {
    void this.#record('leave');
  }

  startPlayback(): Promise<void> {
    return this.#record('startPlayback');
  }

  pausePlayback(): void {
    void this.#record('pausePlayback');
  }

  setOutput(deviceId: string | null): void {
    void this.#record(`setOutput ${deviceId}`);
  }

  setVolume(volume: number): void {
    void this.#record(`setVolume ${volume}`);
  }

  checkMicrophone(): Promise<void> {
    return this.#record('checkMicrophone');
  }

  publishMicrophone(): Promise<void> {
    return this.#record('publishMicrophone');
  }

  setMuted(muted: boolean): Promise<void> {
    return this.#record(muted ? 'mute' : 'unmute');
  }

  releaseMicrophone(): void {
    void this.#record('releaseMicrophone');
  }

  listMicrophones(): Promise<readonly { readonly deviceId: string; readonly label: string }[]> {
    return Promise.resolve([
      { deviceId: 'a', label: 'Built-in microphone' },
      { deviceId: 'b', label: 'Headset' },
    ]);
  }

  subscribeLevel(listener: (level: number) => void): () => void {
    return added(this.#levelListeners, listener);
  }

  subscribeSpeaking(userId: string, listener: Listener): () => void {
    const listeners = this.#speakingListeners.get(userId) ?? new Set();
    this.#speakingListeners.set(userId, listeners);
    return added(listeners, listener);
  }

  isSpeaking(userId: string): boolean {
    return this.#speaking.has(userId);
  }

  async react(kind: ReactionKind): Promise<void> {
    this.pulse({ [kind]: 1 });
    await this.#record(`react ${kind}`);
  }

  onReactions(listener: (counts: Partial<Record<ReactionKind, number>>) => void): () => void {
    return added(this.#reactionListeners, listener);
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    return added(this.#noticeListeners, listener);
  }

  getFigures() {
    return Promise.resolve({
      roundTripMs: 38,
      lossPct: 0.1,
      jitterMs: 2.4,
      jitterBufferMs: 61,
      codec: 'opus',
      protocol: 'udp' as const,
    });
  }

  #record(call: string): Promise<void> {
    this.asked.push(call);
    return Promise.resolve();
  }
}

function added<T>(set: Set<T>, value: T): () => void {
  set.add(value);
  return () => set.delete(value);
}
