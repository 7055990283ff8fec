import { describe, expect, it } from 'vitest';
import { COMMAND, orderOf } from './options.ts';

const read = (...args: string[]) => orderOf(COMMAND.parse(args)!);

describe('the command line of the operator', () => {
  it.each([
    [['rooms'], { command: 'rooms' }],
    [['people', 'room-one'], { command: 'people', roomId: 'room-one', name: '' }],
    [['people', 'room-one', 'Ada', 'L'], { command: 'people', roomId: 'room-one', name: 'Ada L' }],
    [['end', 'https://tribune.example.org/r/room-one'], { command: 'end', roomId: 'room-one' }],
    [['ban', '--', '-room', '-person'], { command: 'ban', roomId: '-room', userId: '-person' }],
  ])('%j is an order', (args, order) => {
    expect(read(...args)).toEqual(order);
  });

  it.each([
    [[], 'say what to do'],
    [['erase', 'room-one'], "no command 'erase'"],
    [['end'], 'end needs a ROOM'],
    [['remove', 'room-one'], 'needs a ROOM and a PERSON'],
    [['end', 'room-one', 'room-two'], "unknown argument 'room-two'"],
  ])('%j is refused, and nothing is done', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });

  it('has a help with every command', () => {
    for (const command of ['rooms', 'people', 'end', 'remove', 'ban', 'unban'])
      expect(COMMAND.help).toContain(`  ${command} `);
  });
});
