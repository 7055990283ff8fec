import type { StageMember } from '@tribune/shared/domain.ts';
import { describe, expect, it } from 'vitest';
import type { HomeState } from '../cluster/StageHome.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import { decide, planFor, type RoomView } from './decide.ts';

const GRACES = { stageMs: 30_000, hostMs: 60_000, emptyRoomMs: 300_000, leaderlessMs: 1_800_000 };

const HERE: HomeState = { kind: 'here', epoch: 7 };
const ELSEWHERE: HomeState = { kind: 'elsewhere', home: { nodeId: 'b', epoch: 8 } };
const HANDING_OVER: HomeState = { kind: 'handingOver', epoch: 7, to: null };
const HANDED_OVER: HomeState = { kind: 'handingOver', epoch: 7, to: { nodeId: 'b', epoch: 8 } };
const UNKNOWN: HomeState = { kind: 'unknown' };

function member(userId: string, changes: Partial<StageMember> = {}): [string, StageMember] {
  return [userId, { userId, name: userId, role: 'speaker', muted: false, away: false, since: 1, ...changes }];
}

function view(changes: Partial<RoomView> = {}, record: Partial<RoomRecord> = {}): RoomView {
  return {
    record: {
      seq: 10,
      phase: 'live',
      host: { userId: 'host', name: 'host' },
      stage: new Map([member('host', { role: 'host' }), member('bob', { muted: true })]),
      hands: [],
      invites: new Map(),
      excluded: new Map(),
      ...record,
    } as RoomRecord,
    home: HERE,
    isHomeAlive: false,
    stranded: new Set(),
    holdsLease: true,
    missingMs: new Map(),
    emptyMs: null,
    leaderlessMs: null,
    presentElsewhere: 0,
    isOnlyHere: false,
    mixEndpoints: [],
    isHeardOverHttp: false,
    ...changes,
  };
}

const plan = (changes?: Partial<RoomView>, record?: Partial<RoomRecord>) => decide(view(changes, record), GRACES);

describe('who hears what', () => {
  it.each([
    ['backstage', 'nothing'],
    ['live', 'audience'],
  ] as const)('while the room is %s, a listener hears %s', (phase, hears) => {
    expect(planFor(plan({}, { phase }), 'someone')).toEqual({ hears, producer: 'closed', leave: null });
  });

  it.each([
    ['here', HERE, 'stage', 'open'],
    ['being handed over', HANDING_OVER, 'unchanged', 'open'],
    ['elsewhere', ELSEWHERE, 'unchanged', 'closed'],
    ['nowhere known', UNKNOWN, 'unchanged', 'closed'],
  ] as const)(
    'with the stage %s, somebody on stage hears and says what the plan names',
    (_where, home, hears, producer) => {
      expect(planFor(plan({ home }), 'host')).toMatchObject({ hears, producer });
    },
  );

  it('pauses the producer of somebody who is muted', () => {
    expect(planFor(plan(), 'bob').producer).toBe('paused');
    expect(planFor(plan({ home: HANDING_OVER }), 'bob').producer).toBe('paused');
  });
});

describe('somebody on stage who could not reach the node that has the home', () => {
  const stranded = new Set(['bob']);

  it('stays where they are and listens, and the others go', () => {
    const { named } = plan({ home: ELSEWHERE, isHomeAlive: true, stranded });
    expect(named.get('bob')).toEqual({ hears: 'audience', producer: 'closed', leave: null });
    expect(named.get('host')?.leave?.reason).toBe('moved');
  });

  it('is on stage like everyone once the home is here', () => {
    expect(planFor(plan({ stranded }), 'bob')).toMatchObject({ hears: 'stage', producer: 'paused', leave: null });
  });
});

describe('the stage and the mix', () => {
  it.each([
    ['here', HERE, 'here', 7],
    ['being handed over, with no new home yet', HANDING_OVER, 'leaving', 7],
    ['being handed over to a node that has it', HANDED_OVER, 'leaving', 7],
    ['elsewhere', ELSEWHERE, 'away', null],
    ['nowhere known', UNKNOWN, 'away', null],
  ] as const)('with the home %s, the stage is %s and mixes under epoch %s', (_where, home, stage, epoch) => {
    const nodes = [{ address: '10.0.0.2', port: 40_000 }];
    expect(plan({ home, mixEndpoints: nodes })).toMatchObject({
      stage,
      mix: { epoch, nodes: epoch === null ? [] : nodes },
    });
  });

  it('is heard over HTTP from any node, while the room is live and somebody asks for it', () => {
    for (const home of [HERE, ELSEWHERE]) {
      expect(plan({ home, isHeardOverHttp: true }).broadcasts).toBe(true);
      expect(plan({ home, isHeardOverHttp: false }).broadcasts).toBe(false);
    }
    expect(plan({ isHeardOverHttp: true }, { phase: 'backstage' }).broadcasts).toBe(false);
  });

  it('gives the media back once nobody has been here for the grace', () => {
    expect(plan({ emptyMs: 29_000 }).needsMedia).toBe(true);
    expect(plan({ emptyMs: 30_000 }).needsMedia).toBe(false);
  });
});

describe('who has to go', () => {
  it.each([
    ['the home is another living node', ELSEWHERE, true, 'moved'],
    ['the new home of a stage that is handed over is known', HANDED_OVER, true, 'moved'],
    ['the stage has no new home yet', HANDING_OVER, false, null],
    ['the home is a node that is dead', ELSEWHERE, false, null],
    ['the home is here', HERE, false, null],
  ] as const)('where %s, somebody on stage', (_what, home, isHomeAlive, reason) => {
    expect(planFor(plan({ home, isHomeAlive }), 'host').leave?.reason ?? null).toBe(reason);
  });

  it('is somebody who was removed, where they entered before that, and not where they came back since', () => {
    const { leave } = planFor(plan({}, { excluded: new Map([['eve', { reason: 'removed', seq: 9 }]]) }), 'eve');
    expect(leave).toEqual({ reason: 'removed', enteredBefore: 9 });
  });

  it('is somebody who was banned, whenever they entered', () => {
    const { leave } = planFor(plan({}, { excluded: new Map([['eve', { reason: 'banned', seq: 9 }]]) }), 'eve');
    expect(leave).toEqual({ reason: 'banned', enteredBefore: Infinity });
  });

  it('is nobody of the audience, wherever the home is', () => {
    for (const home of [HERE, ELSEWHERE, HANDED_OVER, UNKNOWN])
      expect(planFor(plan({ home, isHomeAlive: true }), 'someone').leave).toBeNull();
  });
});

describe('what the home writes', () => {
  it('nothing where this node may not write', () => {
    expect(plan({ holdsLease: false, missingMs: new Map([['bob', 99_000]]), emptyMs: 999_000 }).writes).toEqual([]);
  });

  it('who is away, and who is back', () => {
    const stage = new Map([member('host', { role: 'host' }), member('bob', { away: true })]);
    expect(plan({ missingMs: new Map([['host', 0]]) }, { stage }).writes).toEqual([
      {
        action: 'peer:presence',
        args: {
          people: [
            { userId: 'host', away: true },
            { userId: 'bob', away: false },
          ],
        },
      },
    ]);
  });

  it('the end of a grace, for everyone but the host', () => {
    const stage = new Map([member('host', { role: 'host', away: true }), member('bob', { away: true })]);
    const missingMs = new Map([
      ['host', 30_000],
      ['bob', 30_000],
      ['guest-with-a-hand', 31_000],
      ['just-gone', 29_000],
    ]);
    expect(plan({ missingMs }, { stage }).writes).toEqual([
      { action: 'peer:expire', args: { userIds: ['bob', 'guest-with-a-hand'] } },
    ]);
  });

  it.each([
    ['an heir is there', false, true],
    ['nobody else on stage is there', true, false],
  ])('the succession of a host whose grace is over, where %s', (_what, bobIsMissing, succeeds) => {
    const stage = new Map([member('host', { role: 'host', away: true }), member('bob', { away: bobIsMissing })]);
    const missingMs = new Map([['host', 60_000], ...(bobIsMissing ? [['bob', 1000] as const] : [])]);
    const writes = plan({ missingMs }, { stage }).writes.map(({ action }) => action);
    expect(writes.includes('host:succeed')).toBe(succeeds);
  });

  it.each([
    ['nobody is on any node', 0, ['room:end']],
    ['somebody is on another node', 1, []],
  ])('the end of a room that was empty for too long, where %s', (_what, presentElsewhere, actions) => {
    const stage = new Map<string, StageMember>();
    const { writes } = plan({ emptyMs: 300_000, presentElsewhere }, { stage });
    expect(writes.map(({ action }) => action)).toEqual(actions);
  });
});

describe('a live room in which nobody can lead', () => {
  it.each([
    [1_799_000, []],
    [1_800_000, ['room:end']],
  ])('after %i ms its home does %j, whoever listens', (leaderlessMs, actions) => {
    const { writes } = plan({ leaderlessMs, presentElsewhere: 5 }, { stage: new Map() });
    expect(writes.map(({ action }) => action)).toEqual(actions);
  });
});

describe('when the room closes on this node', () => {
  it.each([
    ['it has ended', {}, 'ended', 'ended'],
    [
      'nobody is here and another living node has it',
      { home: ELSEWHERE, isHomeAlive: true, emptyMs: 30_000, holdsLease: false },
      'live',
      'moved',
    ],
    [
      'nobody is here and its home is dead',
      { home: ELSEWHERE, isHomeAlive: false, emptyMs: 30_000, holdsLease: false },
      'live',
      null,
    ],
    ['nobody is here and this is the home', { home: HERE, emptyMs: 30_000 }, 'live', null],
    ['somebody is here', { home: ELSEWHERE, isHomeAlive: true, holdsLease: false }, 'live', null],
  ] as const)('where %s', (_what, changes, phase, close) => {
    expect(plan(changes, { phase }).close).toBe(close);
  });
});
