import type { Handler } from '../answerRequest.ts';
import { done } from './room.ts';

export const moderationHandlers = {
  'peer:remove': async (data, { room, peer }) => done(room.perform('peer:remove', peer, data)),
  'peer:ban': async (data, { room, peer }) => done(room.perform('peer:ban', peer, data)),
  'peer:unban': async ({ userId }, { room, peer }) => done(room.perform('peer:unban', peer, { bannedId: userId })),
  'ban:list': async (_data, { room }) => room.listBans(),
} satisfies { [N in 'peer:remove' | 'peer:ban' | 'peer:unban' | 'ban:list']: Handler<N> };
