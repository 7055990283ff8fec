import { describe, expect, it } from 'vitest';
import { RoomHealth, reportEveryS } from './RoomHealth.ts';

const S = 1000;

describe('how a room does', () => {
  it('[QU3] keeps one sample in ten seconds, evenly spaced, for two hours and no longer', () => {
    const health = new RoomHealth(0);
    for (let s = 1; s <= 30; s++) {
      health.addReactions(1);
      health.tick(s, s * S);
    }
    expect(health.toInfo([], 30 * S)).toMatchObject({
      everyS: 10,
      listeners: [10, 20, 30],
      reactions: [10, 10, 10],
    });
    // Redis was away for a while, and ticks with it.
    health.tick(7, 65 * S);
    expect(health.toInfo([], 65 * S)).toMatchObject({ listeners: [10, 20, 30, 7, 7, 7] });
    health.tick(3, 24 * 3600 * S);
    expect(health.toInfo().listeners).toEqual(Array.from({ length: 720 }, () => 3));
  });

  it('[QU4] sums up the reports of the last five minutes, and is silent about what nobody reported', () => {
    const health = new RoomHealth(0);
    health.addReport({ rttMs: 9000, lossPct: 50 }, 0);
    for (let i = 1; i <= 100; i++) health.addReport({ rttMs: i, lossPct: i > 90 ? 8 : 0, jitterMs: null }, 301 * S);
    expect(health.toInfo([], 302 * S).quality).toEqual({
      reports: 100,
      weak: 10,
      ttfaMs: null,
      rttMs: { median: 50, p95: 95 },
      lossPct: { median: 0, p95: 8 },
      jitterMs: null,
    });
  });

  it('[QU4] holds a bounded number of reports, the newest', () => {
    const health = new RoomHealth(0);
    for (let i = 0; i < 10_000; i++) health.addReport({ rttMs: i }, 1);
    expect(health.toInfo([], 2).quality).toMatchObject({ reports: 512, rttMs: { median: 9743 } });
  });

  it('[QU2] asks a large audience to report less often', () => {
    expect([0, 100, 400, 1000, 10_000, 1_000_000].map(reportEveryS)).toEqual([20, 20, 20, 50, 500, 600]);
  });
});
