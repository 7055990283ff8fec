import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QualityReporter } from './QualityReporter.ts';
import { NO_FIGURES } from './stats.ts';

describe('what a client reports', () => {
  const request = vi.fn<(...args: readonly unknown[]) => Promise<unknown>>();
  let reporter: QualityReporter;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    request.mockReset().mockResolvedValue({ everyS: 40 });
    reporter = new QualityReporter({
      request: request as never,
      getFigures: () => Promise.resolve({ ...NO_FIGURES, roundTripMs: 30, lossPct: 1 }),
    });
  });
  afterEach(() => {
    reporter.stop();
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('[QU2] comes at a random moment of the first period, and then when the server asks for it', async () => {
    reporter.start(20);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(request).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(request).toHaveBeenCalledExactlyOnceWith('quality:report', {
      ttfaMs: null,
      rttMs: 30,
      lossPct: 1,
      jitterMs: null,
    });
    await vi.advanceTimersByTimeAsync(39_000);
    expect(request).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(request).toHaveBeenCalledTimes(2);
  });

  it('has the time to the first sound once, and keeps it until the server has it', async () => {
    request.mockRejectedValueOnce(new Error('not connected'));
    reporter.expectSound(performance.now());
    await vi.advanceTimersByTimeAsync(700);
    reporter.handleSound();
    await vi.advanceTimersByTimeAsync(300);
    reporter.handleSound();
    reporter.start(20);
    await vi.advanceTimersByTimeAsync(100_000);
    const told = request.mock.calls.map(([, data]) => (data as { ttfaMs: number | null }).ttfaMs);
    expect(told.slice(0, 3)).toEqual([700, 700, null]);
  });

  it('measures nothing while there is no one to be heard', async () => {
    reporter.expectSound(performance.now());
    reporter.expectSound(null);
    reporter.handleSound();
    reporter.start(20);
    await vi.advanceTimersByTimeAsync(10_100);
    expect(request.mock.calls[0]?.[1]).toMatchObject({ ttfaMs: null });
  });
});
