import type { Person, RoomInfo, RoomState, SelfState } from '@tribune/shared/domain.ts';
import type { QueuePlace, SelfCause } from '@tribune/shared/protocol.ts';
import type { ClosedReason } from '@tribune/shared/RoomConnection.ts';

/**
 * What the person sees of their connection.
 * - `connecting`: entering; a placeholder of the room.
 * - `queued`: every server is full; the page asks again by itself until it is this person's turn.
 * - `broadcast`: in the room, and hears it over HTTP: nothing more is asked for.
 * - `joined`: in the room.
 * - `resuming`: the network or the server is lost for the moment; the room stays on screen under a banner with Leave in reach.
 * - `closed`: over; one page says why and what to do next.
 */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | ({ readonly kind: 'queued' } & QueuePlace)
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'joined' }
  | { readonly kind: 'resuming'; readonly cause: 'offline' | 'server'; readonly attempt: number }
  | { readonly kind: 'closed'; readonly reason: ClosedReason | LocalReason };

/**
 * What only the page finds out.
 * - `socketBlocked`: the server answers, and no WebSocket to it opens.
 * - `unsupported`: the browser has no WebRTC that can be used.
 */
export type LocalReason = 'socketBlocked' | 'unsupported';

/**
 * Why the room is heard over HTTP, some seconds late.
 * - `full`: every place is taken. - `broadcast`: the room is one. - `blocked`: nothing else gets through, so far. - `lost`: the
 *   connection is gone for the moment.
 */
export type HttpCause = 'full' | 'broadcast' | 'blocked' | 'lost';

/** How the sound comes. */
export type Plane =
  | { readonly kind: 'webrtc' }
  | {
      readonly kind: 'http';
      readonly cause: HttpCause;
      /** Full seconds from what is said to what one hears; null before the first sound. */
      readonly behindS: number | null;
      /** The hand goes up as soon as there is a place for them. */
      readonly wantsHand: boolean;
    };

/** The ways in which a microphone cannot be had, each of which needs advice of its own, and the rest. */
export type MicrophoneProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'unloaded' | 'failed';

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
 * - `paused`: by the system or a media key; only `startPlayback()` plays again.
 * - `blocked`: the browser wants a click first: show one clear Listen button that calls `startPlayback()`.
 */
export type PlaybackState = 'idle' | 'playing' | 'paused' | 'blocked';

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
  /** While nobody is there who could lead the room, in its last minutes: seconds until it ends. */
  readonly endsInS: number | null;
  readonly microphone: MicrophoneState;
  readonly microphoneOptions: MicrophoneOptions;
  readonly playback: PlaybackState;
  readonly quality: Quality;
  readonly plane: Plane;
}

/**
 * Something to tell the person once, as a toast in a live region: what others did to them, or what happened to their sound.
 * - `recordingLost`: a part of the recording could not be kept; for its host.
 * - `recordingStalled`: its storage takes nothing now, and what is said may still be kept; for its host.
 * - `mediaUnreachable`: the network lets no sound through, from whichever node.
 * - `refused`: what they asked for a while ago could not be done after all.
 * - `skipped`: so many seconds were left out when what is heard came nearer to what is said.
 * - `outputLost`: the chosen device to hear through is gone, and the system's own has taken its place.
 * - `microphoneReplaced`: the microphone is gone, and another one has taken its place.
 * - `microphoneLost`: it is gone, and there is no other.
 * - `microphoneSilenced`, `microphoneBack`: the system (a phone call, a mute key) silences it, or does so no more.
 */
export type Notice =
  | { readonly cause: SelfCause; readonly by: string | null }
  | {
      readonly cause:
        | 'recordingLost'
        | 'recordingStalled'
        | 'mediaUnreachable'
        | 'outputLost'
        | 'microphoneReplaced'
        | 'microphoneSilenced'
        | 'microphoneBack';
    }
  | { readonly cause: 'refused'; readonly error: unknown }
  | { readonly cause: 'skipped'; readonly seconds: number }
  | { readonly cause: 'microphoneLost'; readonly problem: MicrophoneProblem };
