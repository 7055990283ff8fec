import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { voiceIdOf } from '@tribune/shared/voice.ts';
import type { ChaosRoom } from './ChaosRoom.ts';
import type { Cluster } from './cluster/Cluster.ts';

/** After a fault, everything has to be right again within this. */
const SETTLED_MS = 8000;
/** A node answers no more snapshots per second to one person. */
const POLL_MS = 1100;
const COUNT_MS = 3000;
/** A voice is still named for 240 ms after its last sound, and a packet takes its way. */
const SILENCED_MS = 1000;
const HEARD_MS = 3000;

/**
 * Waits until all nodes agree on the room as it is: one home, the right counts, one state, nobody connected who is banned, one mix for
 * each listener, and nothing heard of anyone who is muted.
 * @throws {Error} that says what is wrong for good
 */
export async function settle(cluster: Cluster, room: ChaosRoom): Promise<void> {
  await untilNone(async () => findProblem(cluster, room));
  await untilNone(async () => findWrongRate(room));
  await assertMuting(room);
}

/** @throws {Error} with the problem that is still there in the end */
async function untilNone(find: () => Promise<string | null>): Promise<void> {
  const endMs = performance.now() + SETTLED_MS;
  let problem = await find();
  while (problem && performance.now() < endMs) {
    await sleep(POLL_MS);
    problem = await find();
  }
  if (problem) throw new Error(problem);
}

async function findProblem(cluster: Cluster, room: ChaosRoom): Promise<string | null> {
  return (
    (await findWrongHomeOrCount(cluster, room)) ?? (await findWrongState(cluster, room)) ?? (await findBanned(room))
  );
}

async function findWrongHomeOrCount(cluster: Cluster, room: ChaosRoom): Promise<string | null> {
  const views = await cluster.view();
  const here = views.flatMap((view) => {
    const rooms = view?.rooms ?? [];
    return rooms.filter(({ roomId }) => roomId === room.id).map((known) => ({ ...known, node: view?.nodeId }));
  });
  const homes = here.filter(({ home, node }) => home?.nodeId === node).map(({ node }) => node);
  if (homes.length !== 1) return `the nodes that say that they are the home: ${homes.join(', ') || 'none'}`;
  const counted = here.map(({ node, listeners }) => `${node} ${listeners}`).join(', ');
  const sum = here.reduce((total, { listeners }) => total + listeners, 0);
  const expected = [...room.probes, ...room.guests].filter(({ isConnected }) => isConnected).length;
  if (sum !== expected) return `${expected} listeners are connected, and the nodes count ${counted}`;
  const { listeners } = await new ApiClient(cluster.origin).getRoom(room.id).catch(() => ({ listeners: 'nothing' }));
  return listeners === expected ? null : `${expected} listeners are connected, and the room says ${listeners}`;
}

/** Someone on each node says what they see. */
async function findWrongState(cluster: Cluster, room: ChaosRoom): Promise<string | null> {
  const states = new Map<string, string>();
  for (const { id, origin } of cluster.nodes) {
    const probe = room.probesAt(origin).find(({ isConnected }) => isConnected);
    if (!probe) continue;
    const snapshot = await probe.signaling.request('room:snapshot').catch((error: Error) => error);
    if (snapshot instanceof Error) return `node ${id} gives no state: ${snapshot.message}`;
    states.set(id, JSON.stringify({ ...snapshot.state, seq: null, listeners: snapshot.listeners }));
  }
  if (new Set(states.values()).size <= 1) return null;
  return `the nodes do not agree: ${[...states].map(([id, state]) => `${id} ${state}`).join('; ')}`;
}

async function findBanned(room: ChaosRoom): Promise<string | null> {
  if (!room.host.signaling.connected) return 'the host is not connected';
  const banned = await room.host.signaling.request('ban:list').catch((error: Error) => error);
  if (banned instanceof Error) return `the host does not get the list of bans: ${banned.message}`;
  const ids = new Set(banned.map(({ userId }) => userId));
  const inside = room.guests.filter(({ userId, isConnected }) => ids.has(userId) && isConnected);
  return inside.length === 0 ? null : `${inside.length} are connected who are banned`;
}

/** Two mixes would bring twice the sound. */
async function findWrongRate({ probes }: ChaosRoom): Promise<string | null> {
  const before = probes.map(({ soundMs }) => soundMs);
  const startedMs = performance.now();
  await sleep(COUNT_MS);
  const elapsedMs = performance.now() - startedMs;
  const rates = probes.map(({ soundMs }, index) => (soundMs - before[index]!) / elapsedMs);
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  if (least >= 0.7 && most <= 1.3) return null;
  const perNode = Map.groupBy(probes, ({ node }) => node);
  const where = [...perNode].map(([node, there]) => {
    const worst = Math.min(...there.map((probe) => rates[probes.indexOf(probe)]!));
    return `${node} ${worst.toFixed(2)}`;
  });
  return `listeners get ${least.toFixed(2)} to ${most.toFixed(2)} s with a voice in each second; the least by node: ${where.join(', ')}`;
}

/** Whoever is muted goes on sending here, so that it is the server that must not let it through. */
async function assertMuting({ speaker, speakerId, host, probes }: ChaosRoom): Promise<void> {
  if (!speaker) return;
  await untilNone(async () => (speaker.signaling.connected ? null : 'someone on stage is not connected'));
  const voiceId = voiceIdOf(speakerId);
  await speaker.signaling.request('stage:setMuted', { muted: false });
  for (const probe of probes) probe.listenAnew();
  const sentBefore = speaker.sent;
  const endMs = performance.now() + HEARD_MS;
  while (performance.now() < endMs && !probes.every(({ voices }) => voices.has(voiceId))) await sleep(100);
  const deaf = probes.filter(({ voices }) => !voices.has(voiceId));
  const sent = `at ${speaker.node ?? 'the one node'}, ${speaker.sent - sentBefore} packets sent`;
  if (deaf.length > 0) throw new Error(`${deaf.length} listeners do not hear someone who is not muted (${sent})`);
  await host.signaling.request('stage:mute', { userId: speakerId });
  await sleep(SILENCED_MS);
  for (const probe of probes) probe.listenAnew();
  await sleep(SILENCED_MS);
  const hearing = probes.filter(({ voices }) => voices.has(voiceId));
  if (hearing.length > 0) throw new Error(`${hearing.length} listeners hear someone who is muted`);
}
