import { expect, it } from 'vitest';
import { ReactionCounts } from './ReactionCounts.ts';

it('only what came since the counts before is new', () => {
  const counts = new ReactionCounts();
  expect(counts.take({ heart: 40 })).toEqual({});
  expect(counts.take({ heart: 42, clap: 3 })).toEqual({ heart: 2, clap: 3 });
  expect(counts.take({ heart: 42, clap: 3 })).toEqual({});
  expect(counts.take({ heart: 1 })).toEqual({});
  expect(counts.take({ heart: 2 })).toEqual({ heart: 1 });
});
