import type { Request, Response } from 'express';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { warnOfUntrustedProxy } from './warnOfUntrustedProxy.ts';

/** The lines that are logged when requests with these headers come. */
function linesFor(trustedProxies: number, requests: readonly Record<string, string>[]): string[] {
  const lines: string[] = [];
  const handle = warnOfUntrustedProxy(trustedProxies, pino({}, { write: (line: string) => void lines.push(line) }));
  let passed = 0;
  for (const headers of requests) void handle({ headers } as unknown as Request, {} as Response, () => (passed += 1));
  expect(passed).toBe(requests.length);
  return lines;
}

it('a proxy that is not trusted is noticed, and said once', () => {
  const lines = linesFor(0, [{}, { 'x-forwarded-for': '203.0.113.7' }, { 'x-forwarded-for': '203.0.113.7' }]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('TRUST_PROXY');
});

it('nothing is said of a proxy that is trusted, nor where there is none', () => {
  expect(linesFor(1, [{ 'x-forwarded-for': '203.0.113.7' }])).toEqual([]);
  expect(linesFor(0, [{}, {}])).toEqual([]);
});
