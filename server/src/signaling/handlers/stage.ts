import type { Handler } from '../answerRequest.ts';
import { done } from './room.ts';

type StageRequest =
  | 'hand:raise'
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
  | 'cohost:add'
  | 'cohost:remove'
  | 'host:handOver';

export const stageHandlers = {
  'hand:raise': async (_data, { room, peer }) => done(room.raiseHand(peer)),
  'hand:lower': async (_data, { room, peer }) => done(room.perform('hand:lower', peer)),
  'hand:approve': async (data, { room, peer }) => done(room.perform('hand:approve', peer, data)),
  'hand:decline': async (data, { room, peer }) => done(room.perform('hand:decline', peer, data)),
  'hand:lowerAll': async (_data, { room, peer }) => done(room.perform('hand:lowerAll', peer)),
  'stage:invite': async (data, { room, peer }) => done(room.perform('stage:invite', peer, data)),
  'stage:accept': async (_data, { room, peer }) => done(room.perform('stage:accept', peer)),
  'stage:decline': async (_data, { room, peer }) => done(room.perform('stage:decline', peer)),
  'stage:leave': async (_data, { room, peer }) => done(room.perform('stage:leave', peer)),
  'stage:demote': async (data, { room, peer }) => done(room.perform('stage:demote', peer, data)),
  'stage:setMuted': async (data, { room, peer }) => done(room.perform('stage:setMuted', peer, data)),
  'stage:mute': async (data, { room, peer }) => done(room.perform('stage:mute', peer, data)),
  'stage:muteOthers': async (_data, { room, peer }) => done(room.perform('stage:muteOthers', peer)),
  'cohost:add': async (data, { room, peer }) => done(room.perform('cohost:add', peer, data)),
  'cohost:remove': async (data, { room, peer }) => done(room.perform('cohost:remove', peer, data)),
  'host:handOver': async (data, { room, peer }) => done(room.perform('host:handOver', peer, data)),
} satisfies { [N in StageRequest]: Handler<N> };
