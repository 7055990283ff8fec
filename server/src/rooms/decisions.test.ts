import type { StageRole } from '@tribune/shared/domain.ts';
import { describe, expect, it } from 'vitest';
import type { RoomRecord } from '../store/RoomRecord.ts';
import { applyDecision, isAllowed, isUrgent, type Decision } from './decisions.ts';

const person = (userId: string) => ({ userId, name: userId });

function recordOf(...stage: [userId: string, role: StageRole, muted: boolean][]): RoomRecord {
  const members = stage.map(
    ([userId, role, muted]) => [userId, { ...person(userId), role, muted, away: false, since: 1 }] as const,
  );
  const rest = { hands: [person('lea')], invites: new Map(), excluded: new Map() };
  return { seq: 10, phase: 'live', stage: new Map(members), ...rest } as unknown as RoomRecord;
}

const RECORD = recordOf(['host', 'host', false], ['cora', 'cohost', false], ['bob', 'speaker', false]);

function decision(changes: Partial<Decision>): Decision {
  return { id: 'one', action: 'stage:mute', actor: person('host'), target: null, seq: 10, ...changes };
}

const mutedIn = (record: RoomRecord) =>
  [...record.stage.values()].filter(({ muted }) => muted).map(({ userId }) => userId);

describe('a decision that the store does not know yet', () => {
  it.each([
    ['stage:mute', 'host', 'bob', ['bob']],
    ['stage:muteOthers', 'cora', null, ['bob']],
    ['stage:setMuted', 'cora', null, ['cora']],
  ] as const)('%s by %s at %s mutes %j', (action, actor, userId, muted) => {
    const target = userId && { ...person(userId), role: 'speaker' as const };
    const { record } = applyDecision(RECORD, decision({ action, actor: person(actor), target }));
    expect(mutedIn(record)).toEqual(muted);
  });

  it.each(['peer:remove', 'peer:ban'] as const)('%s takes hand and place, and sends them away', (action) => {
    const bob = { ...person('bob'), role: 'speaker' as const };
    const { record } = applyDecision(RECORD, decision({ action, target: bob }));
    expect(record.stage.has('bob')).toBe(false);
    expect(record.excluded.get('bob')).toEqual({ reason: action === 'peer:ban' ? 'banned' : 'removed', seq: 11 });
    const lea = { ...person('lea'), role: 'listener' as const };
    expect(applyDecision(RECORD, decision({ action, target: lea })).record.hands).toEqual([]);
  });

  it('changes nothing the second time, nor where somebody has another role by now', () => {
    const bob = { ...person('bob'), role: 'speaker' as const };
    for (const action of ['stage:mute', 'peer:remove'] as const) {
      const { record } = applyDecision(RECORD, decision({ action, target: bob }));
      expect(applyDecision(record, decision({ action, target: bob })).record).toBe(record);
    }
    const promoted = recordOf(['host', 'host', false], ['bob', 'cohost', false]);
    expect(applyDecision(promoted, decision({ action: 'peer:remove', target: bob })).record).toBe(promoted);
  });

  it('is for those alone who may take it', () => {
    const host = { ...person('host'), role: 'host' as const };
    expect(isAllowed(RECORD, decision({ actor: person('cora'), target: host }))).toBe(false);
    expect(isAllowed(RECORD, decision({ actor: person('lea'), action: 'stage:muteOthers' }))).toBe(false);
    expect(isAllowed(RECORD, decision({ actor: person('cora'), action: 'stage:muteOthers' }))).toBe(true);
  });

  it('is never that somebody be heard', () => {
    expect(isUrgent('stage:setMuted', { muted: true })).toBe(true);
    expect(isUrgent('stage:setMuted', { muted: false })).toBe(false);
    expect(isUrgent('hand:approve', {})).toBe(false);
  });
});
