import { AppError } from '../../errors.ts';
import type { PeerMedia } from '../../media/PeerMedia.ts';
import type { Handler, RequestContext } from '../createHandler.ts';

type MediaRequest =
  | 'media:start'
  | 'transport:create'
  | 'transport:connect'
  | 'transport:restartIce'
  | 'producer:create'
  | 'producer:close';

export const mediaHandlers = {
  'media:start': async (_data, { room, peer }) => room.media.start(peer),
  'transport:create': async (_data, { room, peer }) => room.media.createSendTransport(peer),
  'transport:connect': async ({ transportId, dtlsParameters }, context) => {
    await mediaOf(context).connectTransport(transportId, dtlsParameters);
    return null;
  },
  'transport:restartIce': async ({ transportId }, context) => mediaOf(context).restartIce(transportId),
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
