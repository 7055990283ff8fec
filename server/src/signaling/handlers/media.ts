import { AppError } from '../../errors.ts';
import type { PeerMedia } from '../../media/PeerMedia.ts';
import type { Handler, RequestContext } from '../answerRequest.ts';

type MediaRequest =
  | 'media:start'
  | 'transport:create'
  | 'transport:connect'
  | 'transport:restartIce'
  | 'producer:create'
  | 'producer:close';

export const mediaHandlers = {
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
} satisfies { [N in MediaRequest]: Handler<N> };

function mediaOf({ peer }: RequestContext): PeerMedia {
  if (!peer.media) throw new AppError('NOT_FOUND', 'There is no transport');
  return peer.media;
}
