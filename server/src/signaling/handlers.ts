import type { RequestData, RequestName, RequestResult } from '@tribune/shared/protocol.ts';
import type { IceServers } from '../auth/IceServers.ts';
import { AppError } from '../errors.ts';
import type { PeerMedia } from '../media/PeerMedia.ts';
import type { Peer } from '../rooms/Peer.ts';
import type { Room } from '../rooms/Room.ts';

/** Who asks, and where. */
export interface RequestContext {
  readonly room: Room;
  readonly peer: Peer;
  readonly iceServers: IceServers;
}

type Handler<N extends RequestName> = (data: RequestData<N>, context: RequestContext) => Promise<RequestResult<N>>;

/** Requests that are a change of the room as they stand: they go to `Room.perform` with their payload. */
type ChangeName =
  | 'room:goLive'
  | 'room:lock'
  | 'room:setSound'
  | 'room:end'
  | 'recording:start'
  | 'recording:stop'
  | 'hand:lower'
  | 'hand:approve'
  | 'hand:decline'
  | 'hand:lowerAll'
  | 'stage:invite'
  | 'stage:accept'
  | 'stage:decline'
  | 'stage:leave'
  | 'stage:demote'
  | 'stage:setMuted'
  | 'stage:mute'
  | 'stage:muteOthers'
  | 'peer:remove'
  | 'peer:ban'
  | 'cohost:add'
  | 'cohost:remove'
  | 'host:handOver';

/** What all other requests do. One without a handler does not compile. */
export const handlers: { readonly [N in Exclude<RequestName, ChangeName>]: Handler<N> } = {
  'room:snapshot': async (_data, { room, peer }) => room.toSnapshot(peer),
  'room:health': async (_data, { room }) => room.readHealth(),
  'quality:report': async (report, { room }) => room.report(report),
  'audience:list': async ({ query }, { room }) => room.searchAudience(query),
  'reaction:send': async ({ kind }, { room }) => {
    room.react(kind);
    return null;
  },
  'hand:raise': async (_data, { room, peer }) => {
    await room.raiseHand(peer);
    return null;
  },
  'peer:unban': async ({ userId }, { room, peer }) => {
    await room.perform('peer:unban', peer, { bannedId: userId });
    return null;
  },
  'ban:list': async (_data, { room }) => room.listBans(),
  'media:start': async (_data, { room, peer, iceServers }) => {
    const media = await room.media.start(peer);
    return { ...media, recv: { ...media.recv, ...iceServers.renew(peer.userId) } };
  },
  'transport:create': async (_data, { room, peer, iceServers }) => ({
    ...(await room.media.createSendTransport(peer)),
    ...iceServers.renew(peer.userId),
  }),
  'transport:connect': async ({ transportId, dtlsParameters }, context) => {
    await mediaOf(context).connectTransport(transportId, dtlsParameters);
    return null;
  },
  'transport:restartIce': async ({ transportId }, context) => ({
    ...(await mediaOf(context).restartIce(transportId)),
    ...context.iceServers.renew(context.peer.userId),
  }),
  'producer:create': async ({ transportId, rtpParameters }, { room, peer }) => ({
    producerId: await room.media.produce(peer, transportId, rtpParameters),
  }),
  'producer:close': async (_data, { peer }) => {
    peer.media?.closeSend();
    return null;
  },
};

function mediaOf({ peer }: RequestContext): PeerMedia {
  if (!peer.media) throw new AppError('NOT_FOUND', 'There is no transport');
  return peer.media;
}
