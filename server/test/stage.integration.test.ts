import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '@tribune/shared/domain.ts';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

describe('the stage', () => {
  let server: TestServer;
  let roomId: string;
  let host: TestPeer;
  beforeAll(async () => {
    server = await TestServer.create();
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    ({
      room: { id: roomId },
      host,
    } = await server.createRoom({ speakerLimit: 4 }));
  });

  async function bring(...names: string[]): Promise<TestPeer[]> {
    const peers = await server.joinAll(roomId, ...names);
    for (const peer of peers) await promote(peer);
    return peers;
  }

  async function promote(peer: TestPeer): Promise<void> {
    await host.request('stage:invite', { userId: peer.userId });
    await peer.request('stage:accept');
  }

  it('[ST1] an invitation is told to the one invited, who takes the stage by accepting', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('stage:invite', { userId: lea!.userId });
    const { self, by } = await lea!.told('self:changed', ({ cause }) => cause === 'invited');
    expect([self.invitedBy, by]).toEqual(['host', 'host']);
    await lea!.request('stage:accept');
    await lea!.until(() => lea!.self.role === 'speaker');
    expect(lea!.self.invitedBy).toBeNull();
    await host.until(() => host.member(lea!.userId) !== undefined);
    expect(host.member(lea!.userId)).toMatchObject({ role: 'speaker', muted: true, away: false });
  });

  it('[ST1] an invitation declined leaves everything as it was, and cannot be accepted any more', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('stage:invite', { userId: lea!.userId });
    await lea!.request('stage:decline');
    expect(await lea!.refusal(lea!.request('stage:accept'))).toBe('INVALID_STATE');
    expect(host.member(lea!.userId)).toBeUndefined();
  });

  it('[ST1] nobody takes the stage without having been asked', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    expect(await lea!.refusal(lea!.request('stage:accept'))).toBe('INVALID_STATE');
    expect(await lea!.refusal(lea!.request('stage:invite', { userId: lea!.userId }))).toBe('NOT_ALLOWED');
  });

  it('[ST2] hands are a queue, in the order of raising, with a count for all and names for those who moderate', async () => {
    const [a, b, c] = await server.joinAll(roomId, 'a', 'b', 'c');
    for (const peer of [a!, b!, c!]) await peer.request('hand:raise');
    await host.told('hands:changed', ({ hands }) => hands.map(({ name }) => name).join() === 'a,b,c');
    expect(c!.self.handPlace).toBe(3);
    await b!.request('hand:lower');
    await c!.until(() => c!.self.handPlace === 2);
    await a!.until(() => a!.state.handCount === 2);
    expect(a!.all('hands:changed')).toEqual([]);
    await a!.request('hand:raise');
    expect(a!.self.handPlace).toBe(1);
  });

  it('[ST2] an approved hand puts its owner on stage, muted; a declined one is down', async () => {
    const [a, b] = await server.joinAll(roomId, 'a', 'b');
    await a!.request('hand:raise');
    await b!.request('hand:raise');
    await host.request('hand:approve', { userId: a!.userId });
    await a!.told('self:changed', ({ cause, self }) => cause === 'approved' && self.role === 'speaker');
    await host.request('hand:decline', { userId: b!.userId });
    await b!.told('self:changed', ({ cause, self }) => cause === 'declined' && self.handPlace === null);
    expect(await host.refusal(host.request('hand:approve', { userId: b!.userId }))).toBe('INVALID_STATE');
  });

  it('[ST3] a locked stage takes no new hand, and still takes invitations', async () => {
    const [a] = await server.joinAll(roomId, 'a');
    await host.request('room:lock', { locked: true });
    expect(await a!.refusal(a!.request('hand:raise'))).toBe('STAGE_LOCKED');
    await promote(a!);
    await host.request('room:lock', { locked: false });
    const [b] = await server.joinAll(roomId, 'b');
    await b!.request('hand:raise');
  });

  it('[ST7] the host, and nobody else, says whether the room is for speech or for music, and everyone is told', async () => {
    const [a] = await server.joinAll(roomId, 'a');
    expect(a!.state.sound).toBe('speech');
    await host.request('room:setSound', { sound: 'music' });
    await a!.until(() => a!.state.sound === 'music');
    await promote(a!);
    await host.request('cohost:add', { userId: a!.userId });
    expect(await a!.refusal(a!.request('room:setSound', { sound: 'speech' }))).toBe('NOT_ALLOWED');
    expect(host.state.sound).toBe('music');
    const { id } = await host.api.createRoom({ title: 'A concert', sound: 'music' });
    const [b] = await server.joinAll(id, 'b');
    expect(b!.state.sound).toBe('music');
  });

  it('[ST4] a demoted speaker has no producer left when the moderator is answered', async () => {
    const [lea] = await bring('lea');
    await lea!.produce();
    await host.request('stage:demote', { userId: lea!.userId });
    expect(server.server.rooms.rooms.get(roomId)?.getPeer(lea!.userId)?.media?.producer ?? null).toBeNull();
    await lea!.told('self:changed', ({ cause, self }) => cause === 'demoted' && self.role === 'listener');
    expect(await lea!.refusal(lea!.request('transport:create'))).toBe('NOT_ALLOWED');
  });

  it('[ST5] the speaker limit holds when everyone accepts at once', async () => {
    const peers = await server.joinAll(roomId, 'a', 'b', 'c', 'd', 'e', 'f');
    for (const { userId } of peers) await host.request('stage:invite', { userId });
    const outcomes = await Promise.all(peers.map((peer) => peer.refusal(peer.request('stage:accept'))));
    expect(outcomes.filter((code) => code === 'STAGE_FULL')).toHaveLength(3);
    await host.until(() => host.state.stage.length === 4);
    expect(await host.refusal(host.request('stage:invite', { userId: peers[0]!.userId }))).toMatch(
      /STAGE_FULL|NOT_ALLOWED/,
    );
  });

  it('[ST5] approving and accepting one person at once brings them on stage once', async () => {
    const [a] = await server.joinAll(roomId, 'a');
    await a!.request('hand:raise');
    await host.request('stage:invite', { userId: a!.userId });
    await Promise.allSettled([host.request('hand:approve', { userId: a!.userId }), a!.request('stage:accept')]);
    await host.until(() => host.state.stage.filter(({ userId }) => userId === a!.userId).length === 1);
    expect(host.state.handCount).toBe(0);
  });

  it('[RO1] the host names at most two co-hosts', async () => {
    const speakers = await bring('a', 'b', 'c');
    await host.request('cohost:add', { userId: speakers[0]!.userId });
    await host.request('cohost:add', { userId: speakers[1]!.userId });
    expect(await host.refusal(host.request('cohost:add', { userId: speakers[2]!.userId }))).toBe('COHOSTS_FULL');
    await host.request('cohost:remove', { userId: speakers[0]!.userId });
    expect(host.member(speakers[0]!.userId)?.role).toBe('speaker');
    expect(LIMITS.cohosts).toBe(2);
  });

  it('[RO2] a co-host moderates speakers and listeners, never the host', async () => {
    const [cohost, speaker] = await bring('cohost', 'speaker');
    await host.request('cohost:add', { userId: cohost!.userId });
    await cohost!.until(() => cohost!.self.role === 'cohost');
    for (const action of ['peer:remove', 'peer:ban', 'stage:demote', 'stage:mute'] as const) {
      expect(await cohost!.refusal(cohost!.request(action, { userId: host.userId }))).toBe('NOT_ALLOWED');
    }
    expect(await cohost!.refusal(cohost!.request('cohost:add', { userId: speaker!.userId }))).toBe('NOT_ALLOWED');
    expect(await cohost!.refusal(cohost!.request('host:handOver', { userId: speaker!.userId }))).toBe('NOT_ALLOWED');
    expect(await cohost!.refusal(cohost!.request('room:end'))).toBe('NOT_ALLOWED');
    await cohost!.request('stage:demote', { userId: speaker!.userId });
    await speaker!.until(() => speaker!.self.role === 'listener');
  });

  it('[RO3] a room handed over has one host, and the old one is a co-host', async () => {
    const [heir] = await bring('heir');
    await host.request('host:handOver', { userId: heir!.userId });
    await heir!.told('self:changed', ({ cause, self }) => cause === 'madeHost' && self.role === 'host');
    await host.until(() => host.self.role === 'cohost');
    expect(heir!.state.stage.filter(({ role }) => role === 'host').map(({ userId }) => userId)).toEqual([heir!.userId]);
    expect(await host.refusal(host.request('room:end'))).toBe('NOT_ALLOWED');
  });

  it('[RO4] of two hand-overs at once one counts, and the room has one host', async () => {
    const [a, b] = await bring('a', 'b');
    const outcomes = await Promise.all(
      [a!, b!].map(({ userId }) => host.refusal(host.request('host:handOver', { userId }))),
    );
    expect(outcomes.toSorted()).toEqual(['NOT_ALLOWED', 'nothing was refused']);
    await a!.until(() => a!.state.stage.filter(({ role }) => role === 'host').length === 1);
  });

  it('[MU1] muting is decided by the server: the producer is paused before the answer', async () => {
    const [lea] = await bring('lea');
    await lea!.produce();
    await lea!.request('stage:setMuted', { muted: false });
    const producer = server.server.rooms.rooms.get(roomId)?.getPeer(lea!.userId)?.media?.producer;
    expect(producer?.paused).toBe(false);
    await host.request('stage:mute', { userId: lea!.userId });
    expect(producer?.paused).toBe(true);
    await lea!.told('self:changed', ({ cause, by }) => cause === 'muted' && by === 'host');
    await lea!.until(() => lea!.member(lea!.userId)?.muted === true);
  });

  it('[MU2] mute all others mutes everyone but the host and the one who asked', async () => {
    const [a, b, c] = await bring('a', 'b', 'c');
    await host.request('cohost:add', { userId: a!.userId });
    for (const peer of [host, a!, b!, c!]) await peer.request('stage:setMuted', { muted: false });
    await a!.request('stage:muteOthers');
    await host.until(() => host.member(c!.userId)?.muted === true);
    const unmuted = host.state.stage.filter(({ muted }) => !muted).map(({ name }) => name);
    expect(unmuted.toSorted()).toEqual(['a', 'host']);
  });

  it('[MO1] a removed person is told why and may come back by hand; hand and place are gone', async () => {
    const [lea] = await bring('lea');
    await host.request('peer:remove', { userId: lea!.userId });
    await lea!.told('closed', ({ reason }) => reason === 'removed');
    await lea!.until(() => lea!.disconnection === 'removed');
    const welcome = await lea!.join(roomId);
    expect(welcome.snapshot.self.role).toBe('listener');
  });

  it('[MO2] a banned person stays out until the ban is lifted', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('peer:ban', { userId: lea!.userId });
    expect(await host.request('ban:list')).toEqual([{ userId: lea!.userId, name: 'lea' }]);
    expect(await lea!.refusal(lea!.join(roomId))).toBe('BANNED');
    await host.request('peer:unban', { userId: lea!.userId });
    await lea!.join(roomId);
  });

  it('[MO3] those who moderate find people in the audience by name, others do not', async () => {
    const [lea, leo] = await server.joinAll(roomId, 'Léa', 'Leo');
    const found = await host.request('audience:list', { query: 'le' });
    expect(found.people.map(({ name }) => name)).toEqual(['Léa', 'Leo']);
    expect((await host.request('audience:list', { query: 'LEA' })).people[0]?.userId).toBe(lea!.userId);
    expect(await leo!.refusal(leo!.request('audience:list', {}))).toBe('NOT_ALLOWED');
  });

  it('[RM1] a room goes live once, and its people are told at once', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('room:goLive');
    await lea!.told('room:state', ({ phase, startedAt }) => phase === 'live' && startedAt !== null);
    expect(await host.refusal(host.request('room:goLive'))).toBe('INVALID_STATE');
  });

  it('[PU1] reactions come as counts with the pulse, never one by one', async () => {
    const [a, b] = await server.joinAll(roomId, 'a', 'b');
    await Promise.all([a!, b!, host].map((peer) => peer.request('reaction:send', { kind: 'heart' })));
    await a!.request('reaction:send', { kind: 'clap' });
    const totals = () =>
      b!
        .all('room:pulse')
        .reduce((sum, { reactions }) => sum + (reactions?.heart ?? 0) * 10 + (reactions?.clap ?? 0), 0);
    await b!.until(() => totals() === 31);
    expect(b!.all('room:pulse').filter(({ reactions }) => reactions).length).toBeLessThanOrEqual(2);
  });

  it('[PU2] the count of listeners is right within two seconds', async () => {
    const [, leaver] = await server.joinAll(roomId, 'a', 'b', 'c');
    await host.told('room:pulse', ({ listeners }) => listeners === 3);
    host.forget();
    leaver!.leave();
    const left = performance.now();
    await host.told('room:pulse', ({ listeners }) => listeners === 2);
    expect(performance.now() - left).toBeLessThan(2000);
  });
});
