import type { Person, ReactionKind, RoomInfo, RoomState } from './domain.ts';

/** Answer of `GET /live/:id/state.json`: the room, for those who hear it over HTTP and have no socket. */
export interface LiveRoom {
  readonly room: RoomInfo;
  readonly state: RoomState;
  /** A sample of the audience, as in a `Pulse`. */
  readonly faces: readonly Person[];
  /** User ids of those on stage who were heard within the last second or two; empty where nobody hears the room over HTTP. */
  readonly speaking: readonly string[];
  /** How many there were of each kind since the room was opened on these nodes: what is new is the difference to what one knew. */
  readonly reactions: Partial<Record<ReactionKind, number>>;
  /** As in a `Pulse`. */
  readonly endsInS: number | null;
  /** How those who listen are to say that they do. */
  readonly beacon: BeaconRequest;
}

export interface BeaconRequest {
  /** The first within 5 s, and then once in so many seconds. */
  readonly everyS: number;
  /** Each time with this probability, which the beacon names: `POST /live/:id/beacon?part=…`. */
  readonly part: number;
}
