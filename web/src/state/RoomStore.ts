import type { Person, RoomInfo, RoomSnapshot, RoomState, SelfState } from '@tribune/shared/domain.ts';
import type { Pulse } from '@tribune/shared/protocol.ts';
import type { LiveRoom } from '@tribune/shared/live.ts';
import { Listeners } from './Listeners.ts';
import type {
  ConnectionState,
  MicrophoneOptions,
  MicrophoneState,
  Plane,
  PlaybackState,
  Quality,
  RoomView,
} from './types.ts';

/** The parts of a room's view that the server tells; immutable, the same object while nothing changes. */
export interface RoomData {
  readonly room: RoomInfo;
  readonly state: RoomState;
  readonly self: SelfState;
  readonly listeners: number;
  readonly faces: readonly Person[];
  readonly hands: readonly Person[];
  /** While nobody is there who could lead the room, in its last minutes: seconds until it ends. */
  readonly endsInS: number | null;
}

interface RoomParts {
  readonly connection: ConnectionState;
  /** Null until the first welcome. */
  readonly data: RoomData | null;
  readonly microphone: MicrophoneState;
  readonly microphoneOptions: MicrophoneOptions;
  readonly playback: PlaybackState;
  readonly quality: Quality;
  readonly plane: Plane;
}

/** Everything that the page shows of a room: a new view for every change, and none while nothing changes. */
export class RoomStore {
  readonly #changed = new Listeners<[]>();
  #parts: RoomParts;
  #view: RoomView | null = null;

  constructor(microphoneOptions: MicrophoneOptions) {
    this.#parts = {
      connection: { kind: 'connecting' },
      data: null,
      microphone: { kind: 'off' },
      microphoneOptions,
      playback: 'idle',
      quality: 'good',
      plane: { kind: 'webrtc' },
    };
  }

  get parts(): RoomParts {
    return this.#parts;
  }

  /** Null until the first welcome. */
  get view(): RoomView | null {
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    return this.#changed.add(listener);
  }

  set(changes: Partial<RoomParts>): void {
    const names = Object.keys(changes) as (keyof RoomParts)[];
    if (names.every((name) => changes[name] === this.#parts[name])) return;
    this.#parts = { ...this.#parts, ...changes };
    const { data, ...local } = this.#parts;
    this.#view = data && { ...data, ...local };
    this.#changed.emit();
  }

  /** Takes over what the server told. Nothing changes before the first welcome, or after the end. */
  reduce(event: RoomEvent): void {
    const { data, connection } = this.#parts;
    if (data && connection.kind !== 'closed') this.set({ data: reduceRoom(data, event) });
  }
}

/** What the server told. A `welcome` is taken whole, since after it nothing held from before is known to be newer. */
export type RoomEvent =
  | { readonly type: 'snapshot'; readonly snapshot: RoomSnapshot }
  | { readonly type: 'state'; readonly state: RoomState }
  | { readonly type: 'pulse'; readonly pulse: Pulse }
  | { readonly type: 'live'; readonly live: LiveRoom }
  | { readonly type: 'hands'; readonly hands: readonly Person[] }
  | { readonly type: 'self'; readonly self: SelfState };

export function fromWelcome(snapshot: RoomSnapshot): RoomData {
  const { room, state, self, listeners, faces, hands } = snapshot;
  return { room: withState(room, state), state, self, listeners, faces, hands, endsInS: null };
}

/** What whoever hears the room over HTTP sees of it. */
export function fromLive({ room, state, faces, endsInS }: LiveRoom, { userId, name }: Person): RoomData {
  const self: SelfState = { userId, name, role: 'listener', handPlace: null, invitedBy: null };
  return { room: withState(room, state), state, self, listeners: room.listeners, faces, hands: [], endsInS };
}

/** The next data after an event; pure. */
export function reduceRoom(data: RoomData, event: RoomEvent): RoomData {
  switch (event.type) {
    case 'snapshot': {
      const fresh = fromWelcome(event.snapshot);
      return isStale(data, event.snapshot.state) ? withRoomState(fresh, data.state) : fresh;
    }
    case 'state':
      return isStale(data, event.state) ? data : withRoomState(data, event.state);
    case 'pulse':
      return withPulse(data, event.pulse);
    case 'live':
      return withPulse(data, toPulse(event.live, data));
    case 'hands':
      return { ...data, hands: event.hands };
    case 'self':
      return { ...data, self: event.self, hands: seesHands(event.self) ? data.hands : noHands(data.hands) };
  }
}

/** Has the room a newer state than the one held, which this pulse does not bring? Then a snapshot must be asked for. */
export function isBehind(data: RoomData, pulse: Pulse): boolean {
  return pulse.state === undefined && pulse.seq > data.state.seq;
}

/** What the server decided about one's own voice; null for someone who is not on the stage. */
export function isMutedByServer({ state, self }: RoomData): boolean | null {
  return state.stage.find(({ userId }) => userId === self.userId)?.muted ?? null;
}

function toPulse({ room, state, faces, endsInS }: LiveRoom, data: RoomData): Pulse {
  const isSameCrowd =
    faces.length === data.faces.length && faces.every((it, at) => it.userId === data.faces[at]?.userId);
  const pulse = { seq: state.seq, listeners: room.listeners, ...(endsInS !== null && { endsInS }) };
  return { ...pulse, ...(state.seq > data.state.seq && { state }), ...(!isSameCrowd && { faces }) };
}

function isStale(data: RoomData, state: RoomState): boolean {
  return state.seq < data.state.seq;
}

function withPulse(data: RoomData, pulse: Pulse): RoomData {
  const state = pulse.state !== undefined && !isStale(data, pulse.state) ? pulse.state : data.state;
  const faces = pulse.faces ?? data.faces;
  const { listeners, endsInS = null } = pulse;
  const isSame = listeners === data.listeners && endsInS === data.endsInS;
  if (state === data.state && faces === data.faces && isSame) return data;
  return { ...withRoomState(data, state), faces, listeners, endsInS };
}

function withRoomState(data: RoomData, state: RoomState): RoomData {
  // All hands lowered at once are told as a state in which no hand is up, and to nobody by name.
  const isLowered = state.handCount === 0 && data.self.handPlace !== null;
  const self = isLowered ? { ...data.self, handPlace: null } : data.self;
  return { ...data, state, self, room: withState(data.room, state) };
}

/** The room's public card repeats a part of its state; here it never says anything else than the state. */
function withState(room: RoomInfo, state: RoomState): RoomInfo {
  const { phase, startedAt, endedAt, speakerLimit } = state;
  // What was said on entering does not say whether it was recorded since.
  const isRecorded = room.isRecorded || (state.recording && startedAt !== null);
  const member = state.stage.find(({ role }) => role === 'host');
  const host = member ? { userId: member.userId, name: member.name } : room.host;
  const same =
    room.phase === phase &&
    room.startedAt === startedAt &&
    room.endedAt === endedAt &&
    room.isRecorded === isRecorded &&
    room.speakerLimit === speakerLimit &&
    room.host.userId === host.userId &&
    room.host.name === host.name;
  return same ? room : { ...room, phase, startedAt, endedAt, isRecorded, speakerLimit, host };
}

function seesHands({ role }: SelfState): boolean {
  return role === 'host' || role === 'cohost';
}

function noHands(hands: readonly Person[]): readonly Person[] {
  return hands.length === 0 ? hands : [];
}
