import type { DtlsParameters, IceCandidate, IceParameters, RtpCapabilities, RtpParameters } from 'mediasoup/types';
import { z } from 'zod';
import type { Person, ReactionKind, RoomInfo, RoomSnapshot, RoomState, Role, SelfState } from './domain.ts';
import type { CloseReason, WireError } from './errors.ts';
import type { Action } from './permissions.ts';
import {
  audienceQuery,
  lockRequest,
  nothing,
  personRef,
  producerCreate,
  qualityReport,
  reactionRequest,
  setMutedRequest,
  soundRequest,
  transportConnect,
  transportRef,
} from './schemas.ts';

/** Where a WebRtcTransport of the server can be reached, in mediasoup-client's terms. */
export interface TransportInfo {
  readonly id: string;
  readonly iceParameters: IceParameters;
  readonly iceCandidates: IceCandidate[];
  readonly dtlsParameters: DtlsParameters;
  /** In the place of those of the ticket, which may have expired since. */
  readonly iceServers?: readonly IceServer[];
}

/** One stream to receive: for those on stage that of one other person there, for the audience the mix of all of them. */
export interface ConsumerInfo {
  readonly id: string;
  readonly producerId: string;
  /** Whose voice it is; null is the mix, in which the CSRC list of each packet names who is speaking. */
  readonly userId: string | null;
  readonly rtpParameters: RtpParameters;
}

/**
 * A fresh receiving transport with everything there is to hear. It replaces the one that the peer had, which goes on until this
 * one is connected.
 */
export interface MediaInfo {
  readonly recv: TransportInfo;
  readonly consumers: readonly ConsumerInfo[];
}

/**
 * What a (re)connected peer has to do about media.
 * - `none`: there is nothing to hear yet. `media:restart` will follow when there is.
 * - `new`: build a transport from this.
 * - `kept`: the transports of before the reconnection are still there; `consumers` is the full list of what they carry now.
 *   Restart ICE on any that is not connected.
 */
export type MediaOffer =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'new' } & MediaInfo)
  | { readonly kind: 'kept'; readonly consumers: readonly ConsumerInfo[] };

/** First message on a connected socket: all that a client needs, at once. */
export interface Welcome {
  readonly snapshot: RoomSnapshot;
  readonly media: MediaOffer;
  /** Seconds until this client reports how it does; from then on each answer says. */
  readonly reportEveryS: number;
}

interface RequestSpec {
  readonly data: z.ZodType;
  readonly result: z.ZodType;
}

const done = z.null();

/** Client -> server. Every request is acknowledged with a result or with a coded error, and is an action of the permission table. */
export const requests = {
  'room:snapshot': { data: nothing, result: z.custom<RoomSnapshot>() },
  'room:goLive': { data: nothing, result: done },
  'room:lock': { data: lockRequest, result: done },
  'room:setSound': { data: soundRequest, result: done },
  'room:end': { data: nothing, result: done },
  'recording:start': { data: nothing, result: done },
  'recording:stop': { data: nothing, result: done },
  'room:health': { data: nothing, result: z.custom<RoomHealthInfo>() },
  'quality:report': { data: qualityReport, result: z.custom<{ readonly everyS: number }>() },
  'audience:list': { data: audienceQuery, result: z.custom<AudienceList>() },
  'reaction:send': { data: reactionRequest, result: done },
  'hand:raise': { data: nothing, result: done },
  'hand:lower': { data: nothing, result: done },
  'hand:approve': { data: personRef, result: done },
  'hand:decline': { data: personRef, result: done },
  'hand:lowerAll': { data: nothing, result: done },
  'stage:invite': { data: personRef, result: done },
  'stage:accept': { data: nothing, result: done },
  'stage:decline': { data: nothing, result: done },
  'stage:leave': { data: nothing, result: done },
  'stage:demote': { data: personRef, result: done },
  'stage:setMuted': { data: setMutedRequest, result: done },
  'stage:mute': { data: personRef, result: done },
  'stage:muteOthers': { data: nothing, result: done },
  'peer:remove': { data: personRef, result: done },
  'peer:ban': { data: personRef, result: done },
  'peer:unban': { data: personRef, result: done },
  'ban:list': { data: nothing, result: z.custom<readonly Person[]>() },
  'cohost:add': { data: personRef, result: done },
  'cohost:remove': { data: personRef, result: done },
  'host:handOver': { data: personRef, result: done },
  'media:start': { data: nothing, result: z.custom<MediaInfo>() },
  'transport:create': { data: nothing, result: z.custom<TransportInfo>() },
  'transport:connect': { data: transportConnect, result: done },
  'transport:restartIce': { data: transportRef, result: z.custom<IceParameters & Pick<TransportInfo, 'iceServers'>>() },
  'producer:create': { data: producerCreate, result: z.custom<{ readonly producerId: string }>() },
  'producer:close': { data: nothing, result: done },
} as const satisfies Record<Action, RequestSpec>;

export type RequestName = keyof typeof requests;
/** What a caller passes. */
export type RequestInput<N extends RequestName> = z.input<(typeof requests)[N]['data']>;
/** What a handler receives, parsed. */
export type RequestData<N extends RequestName> = z.output<(typeof requests)[N]['data']>;
export type RequestResult<N extends RequestName> = z.output<(typeof requests)[N]['result']>;

export type Ack<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly error: WireError };

/** People in the audience whose name matches, at most 50, and how many there are in all. */
export interface AudienceList {
  readonly people: readonly Person[];
  readonly total: number;
  /** A node of the cluster did not answer in time: there may be more. */
  readonly isPartial?: true;
}

export interface Spread {
  readonly median: number;
  readonly p95: number;
}

/** What connections reported of themselves in the last minutes; null where none did. */
export interface QualitySummary {
  readonly reports: number;
  /** Those of a connection that its person was shown as weak. */
  readonly weak: number;
  readonly ttfaMs: Spread | null;
  readonly rttMs: Spread | null;
  readonly lossPct: Spread | null;
  readonly jitterMs: Spread | null;
}

/** How a room does, for those who moderate it. Samples are `everyS` apart, the oldest first. */
export interface RoomHealthInfo {
  /** Unix time in ms of the newest sample. */
  readonly at: number;
  readonly everyS: number;
  readonly listeners: readonly number[];
  /** Sent since the sample before. */
  readonly reactions: readonly number[];
  readonly quality: QualitySummary;
}

/** Why one's own state changed, so that the page can say so. */
export const SELF_CAUSES = [
  'handPlace',
  'invited',
  'inviteWithdrawn',
  'approved',
  'declined',
  'demoted',
  'muted',
  'madeCohost',
  'cohostRemoved',
  'madeHost',
  'flood',
  'other',
] as const;
export type SelfCause = (typeof SELF_CAUSES)[number];

/** What everyone receives once per pulse, whatever happens: never a message per join or per reaction. */
export interface Pulse {
  /** Of the newest `RoomState`; a client that holds an older one and finds none here asks for a snapshot. */
  readonly seq: number;
  readonly listeners: number;
  /** Reactions since the last pulse, by kind. */
  readonly reactions?: Partial<Record<ReactionKind, number>>;
  /** Present when it changed since the last pulse. */
  readonly state?: RoomState;
  /** Present when the sample changed. */
  readonly faces?: readonly Person[];
  /** Present while nobody is there who could lead the room, in its last minutes: seconds until it ends. */
  readonly endsInS?: number;
}

/** Server -> client. */
export interface Notifications {
  welcome: Welcome;
  closed: { readonly reason: CloseReason };
  'room:state': RoomState;
  'room:pulse': Pulse;
  /** To host and co-hosts: the queue of hands, first come first. */
  'hands:changed': { readonly hands: readonly Person[] };
  'self:changed': { readonly self: SelfState; readonly cause: SelfCause; readonly by: string | null };
  /**
   * There is something else to hear, since the role changed, or what there was is gone, or there is something at last: ask for
   * `media:start` after a random delay of at most `withinMs`. A transport that still works plays until the new one is connected.
   */
  'media:restart': { readonly withinMs: number };
  /**
   * To the host: this much of the recording is missing, since it could not be kept. Unix times in ms. Where they are the same, the storage
   * takes nothing from then on; what is said is held for a minute.
   */
  'recording:lost': { readonly from: number; readonly to: number; readonly reason: string };
  /** Acknowledged by the client once it can receive it; only then does the server let it flow. */
  'consumer:created': ConsumerInfo;
  'consumer:closed': { readonly consumerId: string };
  /** One's own producer was closed by the server. */
  'producer:closed': { readonly producerId: string };
}
export type NotificationName = keyof Notifications;

export type ClientToServerEvents = {
  [N in RequestName]: (data: RequestInput<N>, ack: (ack: Ack<RequestResult<N>>) => void) => void;
};
export type ServerToClientEvents = {
  [N in Exclude<NotificationName, 'consumer:created'>]: (data: Notifications[N]) => void;
} & {
  'consumer:created': (data: ConsumerInfo, ack: (nothing?: undefined) => void) => void;
};

/** Answer of `POST /api/session`. */
export interface SessionResponse {
  /** A bearer token; kept by the browser. */
  readonly token: string;
  readonly user: Person;
}

/** Answer of `POST /api/rooms/:id/tickets`: admission, and what a client needs before it connects. */
export interface TicketResponse {
  /** JWT, good for one connection within `expiresInS`. */
  readonly ticket: string;
  readonly expiresInS: number;
  /** Address of the node to connect to, with the path below which it is; null is where the ticket came from. */
  readonly url: string | null;
  readonly role: Role;
  readonly rtpCapabilities: RtpCapabilities;
  /** In the form of `RTCConfiguration.iceServers`. */
  readonly iceServers: readonly IceServer[];
  readonly room: RoomInfo;
}

/** The other answer of `POST /api/rooms/:id/tickets`: every node is full, and the person stands in a queue. */
export interface QueuePlace {
  /** 1 is next. */
  readonly place: number;
  /** Null while nothing can be said. */
  readonly estimateS: number | null;
  /** When to ask again. Whoever does not within 15 s loses the place. */
  readonly retryAfterS: number;
  /** Meanwhile the room is heard over HTTP, from `/live/:id/`. Servers before 0.9 do not say it. */
  readonly plane?: 'http';
}

/**
 * The answer of `POST /api/rooms/:id/tickets?hears=http` in a room that is a broadcast: everyone hears it over HTTP, from `/live/:id/`.
 * Whoever wants a place, to raise a hand, asks without `hears`.
 */
export interface BroadcastAnswer {
  readonly plane: 'http';
}

export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
}
