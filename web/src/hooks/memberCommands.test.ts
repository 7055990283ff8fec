import { describe, expect, it } from 'vitest';
import { FakeRoomClient } from '../../dev/FakeRoomClient.ts';
import { ada, boris, chen, dalia, member, person, stage } from '../../dev/fixtures.ts';
import { hasCommand, memberCommands } from './memberCommands.ts';

const { request } = new FakeRoomClient(null);
const host = { userId: ada.userId, role: 'host' } as const;
const cohost = { userId: boris.userId, role: 'cohost' } as const;

/** The names of what may be done. */
function allowed(self: Parameters<typeof memberCommands>[0], target: Parameters<typeof memberCommands>[1], on = stage) {
  const commands = memberCommands(self, target, on, request);
  return Object.entries(commands)
    .filter(([, command]) => command)
    .map(([name]) => name);
}

describe('memberCommands', () => {
  it('a host may do everything to a speaker but invite them', () => {
    expect(allowed(host, member(chen, 'speaker'))).toEqual([
      'mute',
      'demote',
      'addCohost',
      'handOver',
      'remove',
      'ban',
    ]);
  });

  it('a co-host cannot remove, ban or move the host', () => {
    expect(allowed(cohost, member(ada, 'host'))).toEqual([]);
  });

  it('a co-host cannot name co-hosts or hand over', () => {
    expect(allowed(cohost, member(chen, 'speaker'))).toEqual(['mute', 'demote', 'remove', 'ban']);
  });

  it('nobody does anything to themselves', () => {
    expect(hasCommand(memberCommands(host, member(ada, 'host'), stage, request))).toBe(false);
  });

  it('a speaker and a listener may do nothing to others', () => {
    expect(allowed({ userId: chen.userId, role: 'speaker' }, member(dalia, 'speaker'))).toEqual([]);
    expect(allowed({ userId: 'someone', role: 'listener' }, member(dalia, 'speaker'))).toEqual([]);
  });

  it('someone who is muted cannot be muted again', () => {
    expect(allowed(host, member(dalia, 'speaker', { muted: true }))).not.toContain('mute');
  });

  it('a third co-host cannot be named', () => {
    const full = [member(ada, 'host'), member(boris, 'cohost'), member(chen, 'cohost'), member(dalia, 'speaker')];
    expect(allowed(host, member(dalia, 'speaker'), full)).not.toContain('addCohost');
  });

  it('someone in the audience can be invited, removed and banned', () => {
    expect(allowed(cohost, { ...person('Zoé'), role: 'listener' })).toEqual(['invite', 'remove', 'ban']);
  });
});
