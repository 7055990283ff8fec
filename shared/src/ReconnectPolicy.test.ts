import { CLOSE_REASONS, ERROR_CODES } from '@tribune/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { ReconnectPolicy, type ReconnectContext } from './ReconnectPolicy.ts';

const middle = new ReconnectPolicy(() => 0.5);
const context = (overrides: Partial<ReconnectContext>): ReconnectContext => ({
  attempt: 0,
  cause: 'lost',
  retryAfterS: null,
  joinedBefore: true,
  ...overrides,
});

describe('ReconnectPolicy', () => {
  it('waits 0, 300, 1200, 2700 and 4800 ms, then 7 s for ever', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => middle.nextDelayMs(context({ attempt })));
    expect(delays).toEqual([0, 300, 1200, 2700, 4800, 7000, 7000, 7000]);
  });

  it('spreads from the third delay on, and not before', () => {
    const early = new ReconnectPolicy(() => 0);
    const late = new ReconnectPolicy(() => 1);
    expect(early.nextDelayMs(context({ attempt: 1 }))).toBe(late.nextDelayMs(context({ attempt: 1 })));
    expect(early.nextDelayMs(context({ attempt: 2 }))).toBeCloseTo(840);
    expect(late.nextDelayMs(context({ attempt: 2 }))).toBeCloseTo(1560);
  });

  it('never comes back sooner than the server asked', () => {
    for (const random of [0, 0.5, 1]) {
      const delayMs = new ReconnectPolicy(() => random).nextDelayMs(
        context({ cause: 'RATE_LIMITED', retryAfterS: 20 }),
      );
      expect(delayMs).toBeGreaterThanOrEqual(20_000);
    }
  });

  it('does not come back at once to a server that restarts', () => {
    expect(new ReconnectPolicy(() => 0).nextDelayMs(context({ cause: 'restarting' }))).toBe(500);
    expect(new ReconnectPolicy(() => 1).nextDelayMs(context({ cause: 'restarting' }))).toBe(3000);
  });

  it('follows to another node at once, and soon each time after that', () => {
    const delays = [0, 1, 4, 100].map((attempt) => middle.nextDelayMs(context({ cause: 'moved', attempt })));
    expect(delays).toEqual([0, 300, 300, 300]);
  });

  it('stops for every reason to close but a restart and a move', () => {
    const stopping = CLOSE_REASONS.filter((cause) => middle.nextDelayMs(context({ cause })) === null);
    expect(stopping).toEqual(CLOSE_REASONS.filter((reason) => reason !== 'restarting' && reason !== 'moved'));
  });

  it('goes on after refusals that time or a new ticket mends, and only after those', () => {
    const retried = ERROR_CODES.filter((cause) => middle.nextDelayMs(context({ cause })) !== null);
    expect(retried).toEqual([
      'TICKET_INVALID',
      'TICKET_EXPIRED',
      'TICKET_USED',
      'ROOM_FULL',
      'RATE_LIMITED',
      'QUOTA_EXCEEDED',
      'UNAVAILABLE',
      'INTERNAL',
    ]);
  });

  it('turns someone new away from a full room, but lets someone who was inside come back', () => {
    expect(middle.nextDelayMs(context({ cause: 'ROOM_FULL', joinedBefore: false }))).toBeNull();
    expect(middle.nextDelayMs(context({ cause: 'ROOM_FULL', joinedBefore: true }))).toBe(0);
  });

  it('never gives up on entering what is heard over HTTP meanwhile, and asks less and less often', () => {
    const heard = { joinedBefore: false, isHeardOverHttp: true };
    const delays = [0, 3, 6, 50].map((attempt) =>
      middle.nextDelayMs(context({ ...heard, attempt, cause: 'ROOM_FULL', retryAfterS: 2 })),
    );
    expect(delays).toEqual([2250, 9000, 67_500, 67_500]);
    // The queue says itself how often.
    expect(middle.nextDelayMs(context({ ...heard, attempt: 50, cause: 'RATE_LIMITED', retryAfterS: 2 }))).toBe(2250);
  });

  it('gives up on entering after a few attempts, and never on coming back', () => {
    expect(middle.nextDelayMs(context({ cause: 'UNAVAILABLE', attempt: 6, joinedBefore: false }))).toBeNull();
    expect(middle.nextDelayMs(context({ cause: 'UNAVAILABLE', attempt: 600, joinedBefore: true }))).toBe(7000);
  });
});
