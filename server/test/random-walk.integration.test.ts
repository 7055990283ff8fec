import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '@tribune/shared/domain.ts';
import { MediaCensus } from './support/MediaCensus.ts';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

/** Replay a walk with `WALK_SEED=… npm test -- random-walk`; a fresh one is taken otherwise. */
const SEED = Number(process.env.WALK_SEED ?? Date.now() % 1_000_000);
const STEPS = Number(process.env.WALK_STEPS ?? 250);
const PEOPLE = 7;
const SPEAKER_LIMIT = 4;

const AIMED = [
  ...(['hand:approve', 'hand:decline', 'stage:invite', 'stage:demote', 'stage:mute', 'peer:remove'] as const),
  ...(['cohost:add', 'cohost:remove', 'host:handOver'] as const),
];
const OWN = [
  ...([
    'hand:raise',
    'hand:raise',
    'hand:lower',
    'stage:accept',
    'stage:accept',
    'stage:decline',
    'stage:leave',
  ] as const),
  ...(['stage:muteOthers', 'room:goLive', 'media:start', 'producer:close'] as const),
];
const OTHER = [
  'join',
  'join',
  'join',
  'cut',
  'leave',
  'produce',
  'produce',
  'produce',
  'mute',
  'unmute',
  'unmute',
  'race',
] as const;
const RARE = ['killWorker', 'killMixer'] as const;

const step = fc.record({
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...AIMED) },
    { weight: 25, arbitrary: fc.constantFrom(...OWN) },
    { weight: 40, arbitrary: fc.constantFrom(...OTHER) },
    { weight: 2, arbitrary: fc.constantFrom(...RARE) },
  ),
  /** Moderation mostly comes from the host: from anyone else it is mostly refused. */
  actor: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(PEOPLE - 1) }),
  target: fc.nat(PEOPLE - 1),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

describe(`a random walk (WALK_SEED=${SEED})`, () => {
  const census = new MediaCensus();
  let server: TestServer;
  let roomId: string;
  let people: TestPeer[];
  beforeAll(async () => {
    server = await TestServer.create({ WORKERS: '2', STAGE_GRACE_S: '1', HOST_GRACE_S: '2' });
    const { room, host } = await server.createRoom({ speakerLimit: SPEAKER_LIMIT });
    roomId = room.id;
    people = [host];
    while (people.length < PEOPLE) people.push(await server.createPeer(`p${people.length}`));
  });
  afterAll(async () => server.close());

  it('keeps the invariants after each step, and leaves nothing behind', { timeout: 180_000 }, async () => {
    const [walk] = fc.sample(fc.array(step, { minLength: STEPS, maxLength: STEPS }), { seed: SEED, numRuns: 1 });
    for (const [i, next] of walk!.entries()) {
      await take(next);
      await expectInvariants(`WALK_SEED=${SEED}, step ${i}: ${JSON.stringify(next)}`);
    }
    await expectSameViews();
    const host = people.find((peer) => peer.userId === room().record.host.userId);
    if (!room().getPeer(host!.userId)?.link) await host!.join(roomId);
    await host!.request('room:end');
    await expect.poll(() => census.isEmpty).toBe(true);
    expect((await server.server.mixer.getUsage()).rooms).toBe(0);
  });

  function room() {
    const found = server.server.rooms.rooms.get(roomId);
    if (!found) throw new Error('the room is gone');
    return found;
  }

  /** A refusal is an outcome like any other; a failure of the server is not. */
  async function attempt(action: Promise<unknown>): Promise<void> {
    await action.catch((error: { code?: string }) => {
      if (error.code === undefined || error.code === 'INTERNAL') throw error;
    });
  }

  async function take({ kind, actor, target }: Step): Promise<void> {
    const peer = people[actor]!;
    const { userId } = people[target]!;
    if (kind === 'join') return attempt(peer.join(roomId));
    if (kind === 'killWorker') return killWorker();
    if (kind === 'killMixer') return killMixer();
    const connected = isConnected(peer);
    if (!connected) return;
    switch (kind) {
      case 'cut':
        return peer.cut();
      case 'leave':
        return peer.leave();
      case 'produce':
        return attempt(peer.produce());
      case 'mute':
      case 'unmute':
        return attempt(peer.request('stage:setMuted', { muted: kind === 'mute' }));
      case 'race':
        await Promise.all([
          attempt(peer.request('stage:accept')),
          attempt(people[0]!.request('hand:approve', { userId: peer.userId })),
          attempt(people[0]!.request('stage:demote', { userId })),
        ]);
        return;
      default:
        if ((AIMED as readonly string[]).includes(kind))
          return attempt(peer.request(kind as (typeof AIMED)[number], { userId }));
        return attempt(peer.request(kind as (typeof OWN)[number]));
    }
  }

  function isConnected(peer: TestPeer): boolean {
    try {
      return peer.signaling.connected;
    } catch {
      return false;
    }
  }

  async function killWorker(): Promise<void> {
    const [worker] = census.workers;
    process.kill(worker!.pid, 'SIGKILL');
    await expect
      .poll(() => server.server.pool.aliveCount === 2 && !census.workers.has(worker!), { timeout: 10_000 })
      .toBe(true);
  }

  async function killMixer(): Promise<void> {
    const { mixer } = server.server;
    const restarted = once(mixer, 'restarted');
    process.kill(mixer.pid!, 'SIGKILL');
    await restarted;
  }

  async function expectInvariants(at: string): Promise<void> {
    const { stage, hands, host } = room().record;
    const members = [...stage.values()];
    expect(
      members.filter(({ role }) => role === 'host').map(({ userId }) => userId),
      `one host; ${at}`,
    ).toEqual([host.userId]);
    expect(members.length, `speaker limit; ${at}`).toBeLessThanOrEqual(SPEAKER_LIMIT);
    expect(members.filter(({ role }) => role === 'cohost').length, `co-hosts; ${at}`).toBeLessThanOrEqual(
      LIMITS.cohosts,
    );
    expect(
      hands.filter(({ userId }) => stage.has(userId)),
      `no hand on stage; ${at}`,
    ).toEqual([]);
    for (const producer of census.producers.keys()) {
      const owner = people.find((peer) => room().getPeer(peer.userId)?.media?.producer === producer);
      const member = owner && stage.get(owner.userId);
      expect(member, `every producer belongs to someone on stage; ${at}`).toBeDefined();
      expect(!producer.paused && member?.muted, `nobody muted is heard; ${at}`).toBe(false);
    }
    // The worker tells of consumers whose producer is closed a moment later.
    await expect.poll(countOrphans, { message: `every consumer has a live producer; ${at}`, interval: 5 }).toBe(0);
    expect(census.transports.size, `at most two transports each; ${at}`).toBeLessThanOrEqual(2 * PEOPLE);
    for (const peer of people.filter(({ userId }) => !stage.has(userId))) {
      const reception = room().getPeer(peer.userId)?.media?.reception;
      if (reception?.plane !== 'audience') continue;
      const heard = reception.listConsumers().map(({ userId }) => userId);
      expect(heard, `a listener hears the mix and nothing else; ${at}`).toEqual([null]);
    }
    const mixed = [...census.feeds].map(({ producerId }) => producerId).toSorted();
    const voices = [...census.producers.keys()].map(({ id }) => id).toSorted();
    expect([[], voices], `every voice is in the mix once, or there is no mix; ${at}`).toContainEqual(mixed);
  }

  function countOrphans(): number {
    const live = new Set([...census.producers.keys(), ...census.mixes.keys()].map(({ id }) => id));
    return [...census.consumers, ...census.feeds].filter(({ producerId }) => !live.has(producerId)).length;
  }

  /** When it is quiet, everyone who is there holds the state of the store. */
  async function expectSameViews(): Promise<void> {
    await sleep(2500);
    for (const peer of people.filter(isConnected)) {
      expect(peer.state, `${peer.name} holds the newest state`).toEqual((await peer.request('room:snapshot')).state);
    }
  }
});
