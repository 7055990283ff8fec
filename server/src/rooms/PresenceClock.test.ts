import type { StageMember } from '@tribune/shared/domain.ts';
import { describe, expect, it } from 'vitest';
import type { RoomRecord } from '../store/RoomRecord.ts';
import { PresenceClock } from './PresenceClock.ts';

const config = { STAGE_GRACE_S: 30, HOST_GRACE_S: 60, EMPTY_ROOM_S: 300, TRANSPORT_CONNECT_S: 12, ROOM_CAPACITY: 10 };

function member(userId: string, role: StageMember['role'], away = false): [string, StageMember] {
  return [userId, { userId, name: userId, role, muted: false, away, since: 0 }];
}

const record = {
  host: { userId: 'host', name: 'host' },
  stage: new Map([member('host', 'host'), member('lea', 'speaker')]),
} as unknown as RoomRecord;

describe('the clock of presence', () => {
  it('[PR1] writes down who went away, and who came back, once', () => {
    const clock = new PresenceClock(config);
    expect(clock.check(['host', 'lea'], record, (id) => id === 'host', 0).people).toEqual([
      { userId: 'lea', away: true },
    ]);
    const away = { ...record, stage: new Map([member('host', 'host'), member('lea', 'speaker', true)]) };
    expect(clock.check(['host', 'lea'], away, (id) => id === 'host', 1000).people).toEqual([]);
    expect(clock.check(['host', 'lea'], away, () => true, 2000).people).toEqual([{ userId: 'lea', away: false }]);
  });

  it('[PR2] lets a place expire after its grace, counted anew after each return', () => {
    const clock = new PresenceClock(config);
    const check = (here: boolean, now: number) =>
      clock.check(['lea'], record, (id) => id === 'host' || here, now).expired;
    expect(check(false, 0)).toEqual([]);
    expect(check(true, 29_000)).toEqual([]);
    expect(check(false, 30_000)).toEqual([]);
    expect(check(false, 59_999)).toEqual([]);
    expect(check(false, 60_000)).toEqual(['lea']);
  });

  it('[PR3] replaces a host after their own grace, and only when someone is there to follow', () => {
    const clock = new PresenceClock(config);
    const check = (isHere: (id: string) => boolean, now: number) => clock.check(['host', 'lea'], record, isHere, now);
    check((id) => id === 'lea', 0);
    expect(check((id) => id === 'lea', 59_000).hostGone).toBe(false);
    expect(check((id) => id === 'lea', 60_000)).toMatchObject({ hostGone: true, expired: [] });
    expect(check(() => false, 61_000).hostGone).toBe(false);
  });

  it('[PR4] tells when a room has been empty for too long, counted anew after each visit', () => {
    const clock = new PresenceClock(config);
    expect(clock.checkEmpty(0, 0).tooLong).toBe(false);
    expect(clock.checkEmpty(1, 299_000).tooLong).toBe(false);
    expect(clock.checkEmpty(0, 300_000).tooLong).toBe(false);
    expect(clock.checkEmpty(0, 599_999).tooLong).toBe(false);
    expect(clock.checkEmpty(0, 600_000).tooLong).toBe(true);
  });
});
