import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { IceServers } from './IceServers.ts';

const NOW = 1_700_000_000_000;
const TURN = {
  TURN_URLS: ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:443'],
  TURN_SECRET: 'the secret that coturn knows',
  TURN_CREDENTIAL_S: 3600,
};

describe('ICE servers', () => {
  it('have credentials that say when they expire and whose they are, signed with the secret of the TURN server', () => {
    const [server] = new IceServers({ ICE_SERVERS: [], ...TURN }).issue('user-of-the-room', NOW);
    expect(server!.urls).toEqual(TURN.TURN_URLS);
    expect(server!.username).toMatch(/^1700003600:[\w-]{16}$/);
    expect(server!.username).not.toContain('user-of-the-room');
    // The password of the draft: base64(HMAC-SHA1(secret, user name)).
    const expected = createHmac('sha1', TURN.TURN_SECRET).update(server!.username!).digest('base64');
    expect(server!.credential).toBe(expected);
  });

  it('have the same name for the same person, whenever they come, and another for each other person', () => {
    const servers = new IceServers({ ICE_SERVERS: [], ...TURN });
    const nameOf = (userId: string, now: number) => servers.issue(userId, now)[0]!.username!.split(':')[1];
    expect(nameOf('one', NOW)).toBe(nameOf('one', NOW + 60_000));
    expect(nameOf('one', NOW)).not.toBe(nameOf('two', NOW));
  });

  it('of a fixed list come first, as they are, and need no renewal by themselves', () => {
    const stun = { urls: 'stun:stun.example.org' };
    const fixed = new IceServers({ ICE_SERVERS: [stun], TURN_CREDENTIAL_S: 3600 });
    expect(fixed.issue('one')).toEqual([stun]);
    expect(fixed.renew('one')).toEqual({});
    const both = new IceServers({ ICE_SERVERS: [stun], ...TURN });
    expect(both.issue('one')[0]).toEqual(stun);
    expect(both.renew('one').iceServers).toHaveLength(2);
  });
});
