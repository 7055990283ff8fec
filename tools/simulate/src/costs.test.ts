import { expect, it } from 'vitest';
import { COSTS } from '../test/example.ts';
import { directMsPerListenerSecond, parseCosts, readCosts } from './costs.ts';

it('lies between two measured numbers of microphones on their line, and beyond the last in proportion', () => {
  expect([1, 2, 3, 6].map((count) => directMsPerListenerSecond(COSTS, count))).toEqual([0.5, 1, 1.5, 3]);
});

it('reads the newest result of the bench', async () => {
  expect(await readCosts(null)).toMatchObject({
    joinNodeMs: expect.any(Number),
    source: expect.stringContaining('.json'),
  });
});

it('refuses what is not a complete result', () => {
  expect(() => parseCosts('{"joinNodeMs": 2}', 'half.json')).toThrow('half.json is not a complete result');
  expect(() => parseCosts('no JSON', 'x.json')).toThrow('x.json is not a complete result');
});
