import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { RoomActions } from './types.ts';

/** Names for the requests that are nothing but a request. */
export function createActions(request: SignalingClient['request']): RoomActions {
  const send = async (...args: Parameters<typeof request>) => {
    await request(...args);
  };
  return {
    goLive: () => send('room:goLive'),
    setLocked: (locked) => send('room:lock', { locked }),
    endRoom: () => send('room:end'),
    readHealth: () => request('room:health'),
    listAudience: (query) => request('audience:list', { query }),
    react: (kind) => send('reaction:send', { kind }),
    raiseHand: () => send('hand:raise'),
    lowerHand: () => send('hand:lower'),
    approveHand: (userId) => send('hand:approve', { userId }),
    declineHand: (userId) => send('hand:decline', { userId }),
    invite: (userId) => send('stage:invite', { userId }),
    acceptInvite: () => send('stage:accept'),
    declineInvite: () => send('stage:decline'),
    leaveStage: () => send('stage:leave'),
    demote: (userId) => send('stage:demote', { userId }),
    mute: (userId) => send('stage:mute', { userId }),
    muteOthers: () => send('stage:muteOthers'),
    remove: (userId) => send('peer:remove', { userId }),
    ban: (userId) => send('peer:ban', { userId }),
    unban: (userId) => send('peer:unban', { userId }),
    listBans: () => request('ban:list'),
    addCohost: (userId) => send('cohost:add', { userId }),
    removeCohost: (userId) => send('cohost:remove', { userId }),
    handOver: (userId) => send('host:handOver', { userId }),
  };
}
