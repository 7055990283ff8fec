import { describe, expect, it } from 'vitest';
import { compareReports } from './compareReports.ts';

const report = (p95: number | null, listeners = 100) => ({
  options: { listeners, speakers: 1 },
  ttfaMs: { p95 },
  lossPct: 0,
  limit: 'none',
});

describe('two reports side by side', () => {
  it('are told as figures and their ratio', () => {
    const table = compareReports(report(200), report(300));
    expect(table).toMatch(/time to first audio p95 +200 ms +300 ms +× 1\.50/);
    expect(table).toMatch(/loss +0 % +0 %$/m);
    expect(table).toMatch(/at its limit +none +none$/m);
    expect(table).not.toContain('Not the same run');
  });

  it('leave out what one of them does not have', () => {
    expect(compareReports(report(null), report(300))).toMatch(/time to first audio p95 +– +300 ms$/m);
  });

  it('say where they are of different runs', () => {
    expect(compareReports(report(1), report(1, 200))).toContain('Not the same run: listeners differ.');
  });
});
