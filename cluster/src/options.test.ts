import { describe, expect, it } from 'vitest';
import { readCommandLine, UsageError } from './options.ts';

const read = (...args: string[]) => readCommandLine(args, { nodes: 3, port: 3000 }, { json: { type: 'string' } });

describe('the command line of a cluster', () => {
  it('has defaults', () => {
    expect(read().numbers).toEqual({ nodes: 3, port: 3000 });
  });

  it('takes numbers and flags', () => {
    const { numbers, values } = read('--nodes', '5', '--json', 'a.json');
    expect(numbers).toEqual({ nodes: 5, port: 3000 });
    expect(values.json).toBe('a.json');
  });

  it.each([
    ['--nodes', '0'],
    ['--nodes', '10'],
    ['--nodes', 'many'],
    ['--port', '80'],
    ['--listeners', '5'],
    ['--what'],
  ])('refuses %s %s', (...args) => {
    expect(() => read(...args)).toThrow(UsageError);
  });

  it('names the option at fault', () => {
    expect(() => read('--nodes', '0')).toThrow(/^--nodes: /);
  });
});
