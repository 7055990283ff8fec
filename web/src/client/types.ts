import type { Person, ReactionKind, RoomInfo, RoomState, SelfState } from '@tribune/shared/domain.ts';
import type { CloseReason, ErrorCode } from '@tribune/shared/errors.ts';
import type { AudienceList, QueuePlace, RoomHealthInfo, SelfCause } from '@tribune/shared/protocol.ts';

/**
 * What the person sees of their connection.
 * - `connecting`: entering; a placeholder of the room.
 * - `queued`: every server is full; the page asks again by itself until it is this person's turn.
 * - `joined`: in the room.
 * - `resuming`: the network or the server is lost for the moment; the room stays on screen under a banner with Leave in reach.
 * - `closed`: over; one page says why and what to do next.
 */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | ({ readonly kind: 'queued' } & QueuePlace)
  | { readonly kind: 'joined' }
  | { readonly kind: 'resuming'; readonly cause: 'offline' | 'server'; readonly attempt: number }
  | { readonly kind: 'closed'; readonly reason: ClosedReason };

/** A code of refusal that no retry mends, a reason that the server gave, or the person's own choice. */
export type ClosedReason = CloseReason | ErrorCode | 'left';

/** The four ways a microphone cannot be had, which need four different pieces of advice, and the rest. */
export type MicrophoneProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'failed';

/**
 * - `off`: never asked for. Listening never leaves this state.
 * - `starting`: the browser is asked.
 * - `checking`: captured but not sent; the level meter moves and devices can be chosen.
 * - `live`: sent to the room. `muted` is what the person wants and `RoomState` holds what the server decided.
 * - `failed`: could not be had.
 */
export type MicrophoneState =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'live'; readonly muted: boolean; readonly speakingWhileMuted: boolean }
  | { readonly kind: 'failed'; readonly problem: MicrophoneProblem };

/** Browser processing of one's voice; all on by default. */
export interface MicrophoneOptions {
  readonly deviceId: string | null;
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/**
 * - `idle`: nothing to hear yet.
 * - `playing`: the one audio element plays.
 * - `blocked`: the browser wants a click first: show one clear Listen button that calls `startPlayback()`.
 */
export type PlaybackState = 'idle' | 'playing' | 'blocked';

export type Quality = 'good' | 'weak' | 'lost';

/** Figures of one's own connection; null where the browser does not tell. */
export interface ConnectionFigures {
  readonly roundTripMs: number | null;
  readonly lossPct: number | null;
  readonly jitterMs: number | null;
  readonly jitterBufferMs: number | null;
  readonly codec: string | null;
  readonly protocol: 'udp' | 'tcp' | null;
}

/** Immutable; a new object for every change, the same object while nothing changes. */
export interface RoomView {
  readonly connection: ConnectionState;
  readonly room: RoomInfo;
  readonly state: RoomState;
  readonly self: SelfState;
  readonly listeners: number;
  readonly faces: readonly Person[];
  readonly hands: readonly Person[];
  readonly microphone: MicrophoneState;
  readonly microphoneOptions: MicrophoneOptions;
  readonly playback: PlaybackState;
  readonly quality: Quality;
}

/** Something to tell the person once, as a toast and in a live region. */
export interface Notice {
  readonly cause: SelfCause;
  readonly by: string | null;
}

/** Moderation and requests of one's own: each rejects with a `SignalingError` whose code has a text in both languages. */
export interface RoomActions {
  goLive(): Promise<void>;
  setLocked(locked: boolean): Promise<void>;
  endRoom(): Promise<void>;
  readHealth(): Promise<RoomHealthInfo>;
  listAudience(query: string): Promise<AudienceList>;
  react(kind: ReactionKind): Promise<void>;
  raiseHand(): Promise<void>;
  lowerHand(): Promise<void>;
  approveHand(userId: string): Promise<void>;
  declineHand(userId: string): Promise<void>;
  invite(userId: string): Promise<void>;
  acceptInvite(): Promise<void>;
  declineInvite(): Promise<void>;
  leaveStage(): Promise<void>;
  demote(userId: string): Promise<void>;
  mute(userId: string): Promise<void>;
  muteOthers(): Promise<void>;
  remove(userId: string): Promise<void>;
  ban(userId: string): Promise<void>;
  unban(userId: string): Promise<void>;
  listBans(): Promise<readonly Person[]>;
  addCohost(userId: string): Promise<void>;
  removeCohost(userId: string): Promise<void>;
  handOver(userId: string): Promise<void>;
}

/** Everything that a page needs of a room; `RoomClient` is the real one, tests and stories pass their own. */
export interface RoomClientApi {
  /** For `useSyncExternalStore`. The view is null until the first welcome, and stays the last one known afterwards. */
  subscribe(listener: () => void): () => void;
  getView(): RoomView | null;
  /** Known before the first welcome too. */
  getConnection(): ConnectionState;

  join(): Promise<void>;
  leave(): void;

  readonly actions: RoomActions;

  /** Inside a click: lets the one audio element play. */
  startPlayback(): Promise<void>;
  /** 0 to 1, of everything heard. */
  setVolume(volume: number): void;

  /** Asks for the microphone, to check it: the level meter moves, nothing is sent. */
  checkMicrophone(options?: Partial<MicrophoneOptions>): Promise<void>;
  /** Sends the checked microphone to the room, unmuted. */
  publishMicrophone(): Promise<void>;
  setMuted(muted: boolean): Promise<void>;
  /** Gives the microphone back to the browser, whatever it was doing; for a check that is called off. */
  releaseMicrophone(): void;
  /** Input devices, with labels once the microphone was allowed. */
  listMicrophones(): Promise<readonly { readonly deviceId: string; readonly label: string }[]>;
  /** The level of one's own microphone, 0 to 1, at most 20 times a second while it is captured. */
  subscribeLevel(listener: (level: number) => void): () => void;

  /** Is this person heard right now? Own subscription per tile, so that speaking never renders the list. */
  subscribeSpeaking(userId: string, listener: () => void): () => void;
  isSpeaking(userId: string): boolean;

  /** Counts of a pulse, own reactions included. */
  onReactions(listener: (counts: Partial<Record<ReactionKind, number>>) => void): () => void;
  onNotice(listener: (notice: Notice) => void): () => void;
  getFigures(): Promise<ConnectionFigures>;
}
