import { childrenOf } from '@tribune/chaos/processes.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { LIMITS, type RoomState } from '@tribune/shared/domain.ts';
import { MediaCensus } from './support/MediaCensus.ts';
import type { TestPeer } from './support/TestPeer.ts';
import { WalkCluster } from './support/WalkCluster.ts';

/** Replay a walk with `WALK_SEED=… npm test -- random-walk`; a fresh one is taken otherwise. */
const SEED = Number(process.env.WALK_SEED ?? Date.now() % 1_000_000);
const STEPS = Number(process.env.WALK_STEPS ?? 160);
/** No further step is taken after this: what was seen until then counts. */
const LONGEST_MS = Number(process.env.WALK_S ?? 50) * 1000;
const NODES = 3;
const PEOPLE = 7;
const SPEAKER_LIMIT = 4;
const STEPS_BETWEEN_SETTLING = 20;
const SETTLED_MS = 15_000;
/** A fifth of the messages between nodes is lost, a fifth comes twice, and a fifth comes late. */
const LOSSY = { lost: 0.2, doubled: 0.2, delayed: 0.2, delayMs: 200 } as const;
const OUTAGE_MS = 600;

const AIMED = [
  'hand:approve',
  'hand:approve',
  'hand:decline',
  'stage:invite',
  'stage:invite',
  'stage:demote',
  'stage:mute',
  'peer:remove',
  'peer:ban',
  'peer:unban',
  'peer:unban',
  'cohost:add',
  'cohost:remove',
  'host:handOver',
] as const;
const OWN = [
  'hand:raise',
  'hand:raise',
  'hand:lower',
  'stage:accept',
  'stage:accept',
  'stage:decline',
  'stage:leave',
  'stage:muteOthers',
  'room:goLive',
  'media:start',
  'producer:close',
  'audience:list',
] as const;
const OTHER = [
  'join',
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
const TROUBLE = ['killWorker', 'killMixer', 'restartRedis', 'cutOff', 'deploy', 'deploy'] as const;

const step = fc.record({
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...AIMED) },
    { weight: 25, arbitrary: fc.constantFrom(...OWN) },
    { weight: 40, arbitrary: fc.constantFrom(...OTHER) },
    { weight: 6, arbitrary: fc.constantFrom(...TROUBLE) },
  ),
  /** Moderation mostly comes from the host, since it is mostly refused to anyone else. */
  actor: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(PEOPLE - 1) }),
  target: fc.nat(PEOPLE - 1),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

describe(`a random walk over ${NODES} nodes (WALK_SEED=${SEED})`, () => {
  const census = new MediaCensus();
  /** Whose voice it is, by the id of the producer. */
  const owners = new Map<string, TestPeer>();
  /** People who were removed, and have not come back by themselves. */
  const removed = new Set<TestPeer>();
  /** States that were asked for, since the message that brings them was lost. */
  const snapshots = new Map<TestPeer, RoomState>();
  let cluster: WalkCluster;
  let roomId: string;
  let people: TestPeer[];
  let trouble: Promise<void> = Promise.resolve();
  beforeAll(async () => {
    cluster = await WalkCluster.create(NODES, {
      WORKERS: '2',
      STAGE_GRACE_S: '1',
      HOST_GRACE_S: '2',
      DRAIN_S: '1',
      // Nobody here connects a transport.
      TRANSPORT_CONNECT_S: '120',
    });
    const [first] = cluster.nodes;
    const { room, host } = await first!.createRoom({ speakerLimit: SPEAKER_LIMIT });
    roomId = room.id;
    people = [host];
    while (people.length < PEOPLE) people.push(await first!.createPeer(`p${people.length}`));
  });
  afterAll(async () => cluster?.close());

  it('keeps its invariants whatever is lost, and leaves nothing behind', { timeout: 180_000 }, async () => {
    const [walk] = fc.sample(fc.array(step, { minLength: STEPS, maxLength: STEPS }), { seed: SEED, numRuns: 1 });
    const endMs = performance.now() + LONGEST_MS;
    const taken: string[] = [];
    cluster.impairBus(LOSSY);
    for (const [index, next] of walk!.entries()) {
      if (performance.now() > endMs) break;
      taken.push(`${index}: ${next.kind} by ${next.actor} to ${next.target}`);
      await take(next, index).catch((error: unknown) => {
        throw new Error(`WALK_SEED=${SEED}; ${taken.slice(-STEPS_BETWEEN_SETTLING).join('; ')}`, { cause: error });
      });
      await followWhoMoved();
      if (index % STEPS_BETWEEN_SETTLING === STEPS_BETWEEN_SETTLING - 1) await expectInvariants(taken);
    }
    await expectInvariants(taken);
    await endRoom();
    await expect
      .poll(() => census.left, { timeout: SETTLED_MS, message: 'nothing is left' })
      .toEqual(Object.fromEntries(Object.keys(census.left).map((name) => [name, 0])));
  });

  async function take({ kind, actor, target }: Step, index: number): Promise<void> {
    const peer = people[actor]!;
    const { userId } = people[target]!;
    switch (kind) {
      case 'join':
        return joinSomewhere(peer, index);
      case 'killWorker':
        return killWorker(index);
      case 'killMixer':
        return killMixer(index);
      case 'restartRedis':
        return begin(async () => cluster.restartRedis(OUTAGE_MS));
      case 'cutOff':
        return begin(async () => cluster.cutOff(index, OUTAGE_MS));
      case 'deploy':
        return begin(async () => cluster.deploy(index));
      default:
    }
    if (!isConnected(peer)) return;
    switch (kind) {
      case 'cut':
        return peer.cut();
      case 'leave':
        return peer.leave();
      case 'produce':
        return attempt(peer, async () => void owners.set(await peer.produce(), peer));
      case 'mute':
      case 'unmute':
        return attempt(peer, async () => peer.request('stage:setMuted', { muted: kind === 'mute' }));
      case 'race':
        await Promise.all([
          attempt(peer, async () => peer.request('stage:accept')),
          attempt(people[0]!, async () => people[0]!.request('hand:approve', { userId: peer.userId })),
          attempt(people[0]!, async () => people[0]!.request('stage:demote', { userId })),
        ]);
        return;
      case 'peer:remove':
        return attempt(peer, async () => {
          await peer.request('peer:remove', { userId });
          removed.add(people[target]!);
        });
      default:
        if ((AIMED as readonly string[]).includes(kind))
          return attempt(peer, async () => peer.request(kind as (typeof AIMED)[number], { userId }));
        return attempt(peer, async () => peer.request(kind as (typeof OWN)[number]));
    }
  }

  /**
   * A refusal is an outcome like any other, and a failure of the server is not. That it cannot be done now is an outcome only while
   * Redis or a node is away on purpose, or where the connection went meanwhile.
   */
  async function attempt(peer: TestPeer, action: () => Promise<unknown>): Promise<void> {
    const { troubleCount, isInTrouble } = cluster;
    try {
      await action();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined || code === 'INTERNAL') throw error;
      const wasTroubled = isInTrouble || cluster.isInTrouble || cluster.troubleCount > troubleCount;
      if (code === 'UNAVAILABLE' && !wasTroubled && isConnected(peer)) throw error;
    }
  }

  async function joinSomewhere(peer: TestPeer, index: number): Promise<void> {
    // As a page that comes back: its old connection is gone, wherever that was.
    if (isConnected(peer)) peer.cut();
    const { origins } = cluster;
    peer.moveTo(origins[index % origins.length]!);
    await attempt(peer, async () => {
      await peer.join(roomId);
      removed.delete(peer);
    });
  }

  /** Whoever is told that the room has moved, or that a node restarts, comes back as a page does. */
  async function followWhoMoved(): Promise<void> {
    for (const [index, peer] of people.entries())
      if (!isConnected(peer) && ['moved', 'restarting'].includes(peer.disconnection ?? ''))
        await joinSomewhere(peer, index);
  }

  function isConnected(peer: TestPeer): boolean {
    try {
      return peer.signaling.connected;
    } catch {
      return false;
    }
  }

  /** One trouble at a time; the walk goes on meanwhile. */
  async function begin(work: () => Promise<void>): Promise<void> {
    if (cluster.isInTrouble) return;
    trouble = work();
    // It is awaited when everything is to settle.
    trouble.catch(() => undefined);
  }

  async function killWorker(index: number): Promise<void> {
    const workers = [...census.workers];
    const worker = workers[index % workers.length]!;
    process.kill(worker.pid, 'SIGKILL');
    await expect
      .poll(() => census.workers.size === workers.length && !census.workers.has(worker), { timeout: 10_000 })
      .toBe(true);
  }

  async function killMixer(index: number): Promise<void> {
    const mixers = (await childrenOf(process.pid)).filter(({ commandLine }) => /mixer/i.test(commandLine));
    const mixer = mixers[index % Math.max(1, mixers.length)];
    if (mixer) process.kill(mixer.pid, 'SIGKILL');
  }

  async function expectInvariants(taken: readonly string[]): Promise<void> {
    await trouble;
    cluster.mendBus();
    await followWhoMoved();
    // Someone has to be there who is told the state.
    for (const [index, peer] of people.entries()) if (!people.some(isConnected)) await joinSomewhere(peer, index);
    const message = `WALK_SEED=${SEED}, after ${taken.slice(-STEPS_BETWEEN_SETTLING).join('; ')}`;
    await expect.poll(async () => findProblem(), { timeout: SETTLED_MS, interval: 500, message }).toBeNull();
    cluster.impairBus(LOSSY);
  }

  /** What is not as it has to be once everything has settled. */
  async function findProblem(): Promise<string | null> {
    await followWhoMoved();
    const connected = people.filter(isConnected);
    await Promise.all(connected.map(refreshIfBehind));
    const [first] = connected;
    if (!first) return 'nobody is connected';
    const state = stateOf(first);
    return (
      findWrongStates(connected) ??
      findWrongStage(state) ??
      findWrongMedia(state) ??
      (await findWrongCounts(connected, state)) ??
      (await findSentOut(connected, state))
    );
  }

  /** A page that hears of a newer state, and did not get it, asks for it. */
  async function refreshIfBehind(peer: TestPeer): Promise<void> {
    const newest = peer.all('room:pulse').at(-1)?.seq ?? 0;
    if (newest <= peer.state.seq || stateOf(peer).seq >= newest) return;
    const snapshot = await peer.request('room:snapshot').catch(() => null);
    if (snapshot) snapshots.set(peer, snapshot.state);
  }

  /** The newest state that they hold. */
  function stateOf(peer: TestPeer): RoomState {
    const asked = snapshots.get(peer);
    return asked && asked.seq > peer.state.seq ? asked : peer.state;
  }

  function findWrongStates(connected: readonly TestPeer[]): string | null {
    const states = new Map(connected.map((peer) => [JSON.stringify({ ...stateOf(peer), seq: null }), peer.name]));
    return states.size > 1 ? `people hold different states: ${JSON.stringify([...states])}` : null;
  }

  function findWrongStage({ stage }: RoomState): string | null {
    const hosts = stage.filter(({ role }) => role === 'host');
    if (hosts.length !== 1) return `there are ${hosts.length} hosts`;
    if (stage.length > SPEAKER_LIMIT) return `${stage.length} are on stage`;
    const cohosts = stage.filter(({ role }) => role === 'cohost').length;
    return cohosts > LIMITS.cohosts ? `there are ${cohosts} co-hosts` : null;
  }

  function findWrongMedia({ stage }: RoomState): string | null {
    for (const producer of census.producers.keys()) {
      const owner = owners.get(producer.id);
      // The answer that named this one was lost with its connection.
      if (!owner) continue;
      const member = stage.find(({ userId }) => userId === owner.userId);
      if (!member) return `${owner.name} has a producer and is not on stage`;
      if (member.muted && !producer.paused) return `${member.name} is muted and can be heard`;
    }
    const live = new Set([...census.producers.keys(), ...census.mixes.keys()].map(({ id }) => id));
    const orphans = [...census.consumers, ...census.feeds].filter(({ producerId }) => !live.has(producerId)).length;
    return orphans > 0 ? `${orphans} consumers have no producer` : null;
  }

  async function findWrongCounts(connected: readonly TestPeer[], { stage }: RoomState): Promise<string | null> {
    const views = await cluster.view();
    const here = views.flatMap(({ nodeId, rooms }) =>
      rooms.filter((room) => room.roomId === roomId).map((room) => ({ ...room, nodeId })),
    );
    const homes = here.filter(({ home, nodeId }) => home?.nodeId === nodeId).length;
    if (homes !== 1) return `${homes} nodes say that they are the home`;
    const expected = connected.filter(({ userId }) => !stage.some((member) => member.userId === userId)).length;
    const counted = here.reduce((sum, { listeners }) => sum + listeners, 0);
    if (counted !== expected) return `the nodes count ${counted} listeners of ${expected}`;
    for (const node of cluster.nodes) {
      const { listeners } = await new ApiClient(node.origin).getRoom(roomId);
      if (listeners !== expected) return `${node.origin} says ${listeners} listeners of ${expected}`;
    }
    return null;
  }

  async function findSentOut(connected: readonly TestPeer[], { stage }: RoomState): Promise<string | null> {
    const still = connected.find((peer) => removed.has(peer));
    if (still) return `${still.name} was removed and is connected`;
    const moderators = stage.filter(({ role }) => role === 'host' || role === 'cohost').map(({ userId }) => userId);
    const moderator = connected.find(({ userId }) => moderators.includes(userId));
    if (!moderator) return null;
    const banned = (await moderator.request('ban:list')).map(({ userId }) => userId);
    const inside = connected.find(({ userId }) => banned.includes(userId));
    return inside ? `${inside.name} is banned and connected` : null;
  }

  async function endRoom(): Promise<void> {
    cluster.mendBus();
    const hostId = stateOf(people.find(isConnected)!).stage.find(({ role }) => role === 'host')!.userId;
    const host = people.find(({ userId }) => userId === hostId)!;
    if (!isConnected(host)) await joinSomewhere(host, 0);
    await host.request('room:end');
  }
});
