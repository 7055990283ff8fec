import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMAND, simulateOptionsOf } from './options.ts';

const parse = (args: readonly string[]) => simulateOptionsOf(COMMAND.parse(args)!);

describe('the options of a simulation', () => {
  it('describe a launch on one node when nothing is said', () => {
    expect(parse([])).toMatchObject({
      listeners: 10_000,
      arrivals: { kind: 'launch', spanS: 240 },
      cluster: { nodes: 1, cores: 8, workers: 7, delivery: 'mix', joinsPerS: 200, failures: [] },
    });
  });

  it('name any number of failures', () => {
    const options = parse(['--nodes', '3', '--fail', '3@60', '--fail', '1@90.5']);
    expect(options.cluster.failures).toEqual([
      { node: 3, atS: 60 },
      { node: 1, atS: 90.5 },
    ]);
  });

  it.each([
    [['--fail', '2@60'], '--fail names node 2 of 1'],
    [['--fail', 'soon'], '--fail has to be like 3@60'],
    [['--rate', '5', '--flash', '5'], '--rate and --flash cannot be used together'],
    [['--flash', '20', '--listeners', '10'], '--flash has to be at most --listeners'],
    [['--delivery', 'post'], '--delivery has to be one of direct, mix'],
    [['--nodes', '0'], '--nodes has to be a whole number from 1'],
    [['--span', '20', '--rate', '5'], '--span is for --scenario'],
    [['--turbo'], 'turbo'],
  ])('are refused in words: %j', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  it('are no options where help is asked for', () => {
    expect(COMMAND.parse(['--help'])).toBeNull();
  });

  it('are all in docs/performance.md, and no other', () => {
    const docs = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');
    const section = docs.slice(
      docs.indexOf('## How many machines does an audience need?'),
      docs.indexOf('What the model contains'),
    );
    const told = [...section.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, name]) => name);
    const offered = [...COMMAND.help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
    expect(told).toEqual(offered);
  });
});
