import type { Person, RoomInfo } from '@tribune/shared/domain.ts';
import type { LiveRoom } from '@tribune/shared/live.ts';
import { voiceIdOf } from '@tribune/shared/voice.ts';
import type { LiveBroadcast } from '../broadcast/LiveBroadcast.ts';
import { toRoomState, type RoomRecord } from '../store/RoomRecord.ts';
import type { Reactions } from './Reactions.ts';

interface LiveView {
  readonly record: RoomRecord;
  readonly room: RoomInfo;
  readonly live: LiveBroadcast;
  readonly faces: readonly Person[];
  readonly reactions: Reactions;
  readonly endsInS: number | null;
}

/** What those who hear the room over HTTP are told. */
export function describeLive({ record, room, live, faces, reactions, endsInS }: LiveView): LiveRoom {
  const { voices, audience } = live;
  return {
    ...{ room, state: toRoomState(record), faces, endsInS },
    speaking: [...record.stage.keys()].filter((userId) => voices.has(voiceIdOf(userId))),
    ...{ reactions: reactions.totalsEverywhere, beacon: audience.request },
  };
}
