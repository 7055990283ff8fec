import type { Handler } from '../answerRequest.ts';

type RoomRequest =
  | 'room:snapshot'
  | 'room:goLive'
  | 'room:lock'
  | 'room:setSound'
  | 'room:end'
  | 'recording:start'
  | 'recording:stop'
  | 'room:health'
  | 'quality:report'
  | 'audience:list'
  | 'reaction:send';

export const roomHandlers = {
  'room:snapshot': async (_data, { room, peer }) => room.toSnapshot(peer),
  'room:goLive': async (_data, { room, peer }) => done(room.perform('room:goLive', peer)),
  'room:lock': async (data, { room, peer }) => done(room.perform('room:lock', peer, data)),
  'room:setSound': async (data, { room, peer }) => done(room.perform('room:setSound', peer, data)),
  'room:end': async (_data, { room, peer }) => done(room.perform('room:end', peer)),
  'recording:start': async (_data, { room, peer }) => done(room.perform('recording:start', peer)),
  'recording:stop': async (_data, { room, peer }) => done(room.perform('recording:stop', peer)),
  'room:health': async (_data, { room }) => room.readHealth(),
  'quality:report': async (report, { room }) => room.report(report),
  'audience:list': async ({ query }, { room }) => room.searchAudience(query),
  'reaction:send': async ({ kind }, { room }) => {
    room.react(kind);
    return null;
  },
} satisfies {
  [N in RoomRequest]: Handler<N>;
};

/** A transition answers with nothing: what it changed is told to everyone alike. */
export async function done(transition: Promise<void>): Promise<null> {
  await transition;
  return null;
}
