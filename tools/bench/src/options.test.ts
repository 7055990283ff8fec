import { describe, expect, it } from 'vitest';
import { UsageError } from '@tribune/cli';
import { benchOptionsOf, COMMAND } from './options.ts';

describe('the command line', () => {
  it('asks for everything by default', () => {
    const options = benchOptionsOf(COMMAND.parse([])!);
    expect(options.sections).toEqual(['floor', 'sfu', 'rooms', 'joins', 'signalling', 'door', 'broadcast']);
    expect(options.size.signalling.rooms.map(({ sockets }) => sockets)).toEqual([1000, 10_000]);
    expect(options.jsonFile).toBeNull();
  });

  it('takes some of it, in the order in which it runs', () => {
    const options = benchOptionsOf(COMMAND.parse(['--quick', '--only', 'joins,floor', '--json', 'x.json'])!);
    expect(options).toMatchObject({ sections: ['floor', 'joins'], jsonFile: 'x.json' });
    expect(options.size.signalling.rooms).toHaveLength(1);
  });

  it('refuses what it does not know', () => {
    expect(() => COMMAND.parse(['--only', 'floors'])).toThrow(UsageError);
    expect(() => COMMAND.parse(['--fast'])).toThrow(UsageError);
    expect(COMMAND.parse(['-h'])).toBeNull();
  });
});
