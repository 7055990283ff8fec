import { describe, expect, it } from 'vitest';
import { failedAssertions, parseAssertion } from './assertions.ts';
import { parseCommandLine } from '../options.ts';
import { buildReport } from './report.ts';

const report = {
  ...buildReport({
    startedAt: new Date(0),
    options: parseCommandLine([])!.options,
    interrupted: null,
    listeners: [],
    rampMs: null,
    skipped: 0,
    steady: null,
    phases: [],
    browsers: null,
    http: null,
    behaviour: null,
    machines: [],
    series: [],
  }),
  ttfaMs: { p50: 200, p95: 1500, p99: 1600 },
  lossPct: null,
};

const failed = (...texts: string[]) => failedAssertions(texts.map(parseAssertion), report);

describe('assertions on the report', () => {
  it('hold or do not, at the bound too', () => {
    expect(failed('ttfaMs.p95<=1500', 'ttfaMs.p50 > 199.5', 'ttfaMs.p99==1600', 'listeners.failed<1')).toEqual([]);
    expect(failed('ttfaMs.p95<1500', 'ttfaMs.p50>=201')).toEqual([
      'ttfaMs.p95<1500 does not hold: ttfaMs.p95 is 1500',
      'ttfaMs.p50>=201 does not hold: ttfaMs.p50 is 200',
    ]);
  });

  it('do not hold for what was not measured', () => {
    expect(failed('lossPct<0.1')).toEqual(['lossPct<0.1 does not hold: lossPct was not measured']);
  });

  it.each(['ttfa<5', 'constructor<5', 'ttfaMs.p95', 'ttfaMs.p95<fast', 'ttfaMs.p95=<5', ''])('refuse %j', (text) => {
    expect(() => parseAssertion(text)).toThrow(/has to be like|knows no/);
  });
});
