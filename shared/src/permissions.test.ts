import { describe, expect, it } from 'vitest';
import { ROLES } from './domain.ts';
import { PERMISSIONS, can, type Action } from './permissions.ts';
import { requests } from './protocol.ts';

const actions = Object.keys(PERMISSIONS) as Action[];

describe('the permission table', () => {
  it('has one row for each request of the protocol', () => {
    expect(Object.keys(requests).toSorted()).toEqual(actions.toSorted());
  });

  it('[RO2] lets nobody act on the host', () => {
    for (const action of actions) {
      for (const role of ROLES.filter((candidate) => candidate !== 'host')) {
        expect(can(role, action, 'host'), `${role} ${action} host`).toBe(false);
      }
    }
  });

  it('gives listeners what concerns themselves alone', () => {
    const moderation = actions.filter(
      (action) => can('listener', action, 'speaker') || can('listener', action, 'cohost'),
    );
    expect(moderation).toEqual([]);
    expect(actions.filter((action) => can('listener', action)).toSorted()).toEqual([
      'hand:lower',
      'hand:raise',
      'media:start',
      'quality:report',
      'reaction:send',
      'room:snapshot',
      'stage:accept',
      'stage:decline',
      'transport:connect',
      'transport:restartIce',
    ]);
  });

  it('keeps naming co-hosts, handing over, what the room is made for and ending for the host', () => {
    for (const action of ['cohost:add', 'cohost:remove', 'host:handOver', 'room:setSound', 'room:end'] as const) {
      expect(ROLES.filter((role) => can(role, action))).toEqual(['host']);
    }
  });
});
