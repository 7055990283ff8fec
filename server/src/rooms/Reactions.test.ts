import { expect, it } from 'vitest';
import { Reactions } from './Reactions.ts';

it('adds what other nodes count, and loses nothing with a report that is lost', () => {
  const reactions = new Reactions();
  reactions.add('heart');
  reactions.takeTotals('b', { heart: 100 });
  expect(reactions.takeTotals('b', { heart: 103, clap: 2 })).toBe(5);
  expect(reactions.fresh).toEqual({ heart: 4, clap: 2 });
});

it('takes a node that was restarted for one that counts anew', () => {
  const reactions = new Reactions();
  reactions.takeTotals('b', { heart: 100 });
  expect(reactions.takeTotals('b', { heart: 2 })).toBe(2);
});

it('tells other nodes the total of this one, whatever the audience was told', () => {
  const reactions = new Reactions();
  reactions.add('clap');
  reactions.clearFresh();
  reactions.add('clap');
  expect(reactions.totals).toEqual({ clap: 2 });
  expect(reactions.fresh).toEqual({ clap: 1 });
});
