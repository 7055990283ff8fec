import { describe, expect, it } from 'vitest';
import { describeGroup } from '../hearing/GroupWindow.ts';
import { NO_QUALITY } from '../hearing/StreamQuality.ts';
import type { ListenerResult } from '../people/AudiencePart.ts';
import { FULL } from '../hearing/kinds.ts';
import { describeRooms } from './roomReport.ts';
import { NO_COUNTS } from '../hearing/stats.ts';

function listener(room: number, ttfaMs: number | null): ListenerResult {
  const state = ttfaMs === null ? ({ kind: 'failed', reason: 'no-audio' } as const) : ({ kind: 'listening' } as const);
  return { kind: FULL, room, state, joinMs: 10, ttfaMs, refusals: 0, mediaFailed: 0 };
}

function heard(received: number, lost: number) {
  const counts = { ...NO_COUNTS, received, expected: received + lost };
  return describeGroup([{ counts, lost, jitterMs: 1, quality: NO_QUALITY, presentMs: 10_000, silentMs: 0 }]);
}

describe('the report of several rooms', () => {
  const listeners = [listener(0, 100), listener(0, 200), listener(1, 900), listener(1, null)];
  const windows = [heard(90, 10), heard(100, 0)];

  it('tells how each room fared, and all of them together', () => {
    const { count, each, sum } = describeRooms(2, listeners, windows, heard(190, 10));
    expect(count).toBe(2);
    expect(each).toMatchObject([
      { asked: 2, joined: 2, ttfaMsP95: 200, lossPct: 10, packetsPerListenerPerSecond: 9 },
      { asked: 2, joined: 1, ttfaMsP95: 900, lossPct: 0, packetsPerListenerPerSecond: 10 },
    ]);
    expect(sum).toMatchObject({ asked: 4, joined: 3, ttfaMsP95: 900, lossPct: 5 });
  });

  it('has the worst room of each figure, which need not be the same', () => {
    const { worst } = describeRooms(2, listeners, windows, heard(190, 10));
    expect(worst).toMatchObject({ asked: 2, joined: 1, ttfaMsP95: 900, lossPct: 10, packetsPerListenerPerSecond: 9 });
  });

  it('has no figures where nothing was measured', () => {
    const { sum, worst } = describeRooms(2, listeners, [], null);
    expect(sum).toMatchObject({ lossPct: null, mosP5: null });
    expect(worst).toMatchObject({ lossPct: null, mosP5: null });
  });
});
