import type { RedisProxy } from '../cluster/RedisProxy.ts';
import { BACK_MS, gaps, homeAndOther, UNNOTICED_MS, type Fault, type FaultContext, type Outcome } from '../Fault.ts';
import { ProbeListener } from '../ProbeListener.ts';

const DOWN_MS = 30_000;
const FROZEN_MS = 15_000;
const CUT_OFF_MS = 15_000;
const AFTERWARDS_MS = 5000;
const LOSSY_MS = 20_000;
const FIFTH = 0.2;
const LATE_MS = 300;
/** Within it, someone who was sent out hears nothing any more, whatever was lost. */
const SENT_OUT_MS = 3000;
const COMMAND_LIMIT_MS = 5000;
/** What is published within it after the write is lost, and longer while nothing is. */
const DEAF_MS = 500;
const DEAF_LIMIT_MS = 2000;
const WATCH_MS = 8000;
const VICTIMS = 12;

/** Redis that goes, stands still, forgets, or cannot be reached, and messages between nodes that get lost on the way through it. */
export const REDIS_FAULTS: readonly Fault[] = [
  {
    name: 'redis-down-30s',
    title: 'Redis is gone for 30 s',
    run: async ({ cluster: { redis }, rooms, wait }) => {
      await redis.stop();
      await wait(DOWN_MS);
      await redis.start();
      await wait(AFTERWARDS_MS);
      return [gaps(rooms[0].probes, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'redis-frozen',
    title: 'Redis keeps its connections and answers nothing for 15 s',
    run: async ({ cluster: { proxies }, rooms, wait }) => {
      for (const proxy of proxies) proxy.cut();
      await wait(FROZEN_MS);
      for (const proxy of proxies) proxy.mend();
      await wait(AFTERWARDS_MS);
      return [gaps(rooms[0].probes, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'redis-flushed',
    title: 'Redis forgets everything',
    run: async ({ cluster: { redis }, rooms, wait }) => {
      await redis.flush();
      await wait(AFTERWARDS_MS);
      return [gaps(rooms[0].probes, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'redis-failover',
    title: 'Redis dies, and a replica takes over',
    run: async ({ cluster: { redis }, rooms, wait }) => {
      await redis.failOver();
      await wait(AFTERWARDS_MS);
      return [gaps(rooms[0].probes, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'node-cut-off-from-redis',
    title: 'a node of listeners cannot reach Redis for 15 s, for those on it',
    run: async (context) => {
      const [, other] = await homeAndOther(context);
      const there = context.rooms[0].probesAt(other.origin);
      await cutOff(context, other);
      return [gaps(there, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'home-cut-off-from-redis',
    title: 'the home cannot reach Redis for 15 s, for those on it',
    run: async (context) => {
      const [home] = await homeAndOther(context);
      const there = context.rooms[0].probesAt(home.origin);
      await cutOff(context, home);
      return [gaps(there, UNNOTICED_MS, 'all'), gaps(context.rooms[0].probes, BACK_MS, 'p95', 'everyone')];
    },
  },
  {
    name: 'messages-lost',
    title: 'of the messages between nodes, a fifth is lost, a fifth comes twice, and a fifth comes 0.3 to 0.6 s late',
    run: async ({ cluster: { proxies }, rooms, wait }) => {
      for (const proxy of proxies) proxy.impairBus({ lost: FIFTH, doubled: FIFTH, delayed: FIFTH, delayMs: LATE_MS });
      await wait(LOSSY_MS);
      for (const proxy of proxies) proxy.mendBus();
      if (proxies.every(({ lostCount }) => lostCount === 0)) throw new Error('No message was lost: none goes this way');
      return [gaps(rooms[0].probes, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'ban-lost',
    title: 'someone on another node is banned, and the message is lost: until they hear nothing',
    run: async (context) => [await sendOutUnheard(context, 'peer:ban')],
  },
  {
    name: 'removal-lost',
    title: 'someone on another node is removed, and the message is lost: until they hear nothing',
    run: async (context) => [await sendOutUnheard(context, 'peer:remove')],
  },
];

async function cutOff({ cluster, wait }: FaultContext, node: Parameters<typeof cluster.proxyOf>[0]): Promise<void> {
  cluster.proxyOf(node).cut();
  await wait(CUT_OFF_MS);
  cluster.proxyOf(node).mend();
  await wait(AFTERWARDS_MS);
}

async function sendOutUnheard(context: FaultContext, action: 'peer:ban' | 'peer:remove'): Promise<Outcome> {
  const { cluster, rooms, wait, signal } = context;
  const [home] = await homeAndOther(context);
  const victim = await findVictim(context, home.origin);
  context.onEnd(async () => victim.close());
  const { userId } = victim;
  const node = cluster.nodes.find(({ origin }) => origin === victim.node)!;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(COMMAND_LIMIT_MS)]);
  const written = cluster.proxyOf(home).commandWith([action, userId], limit);
  const deaf = written.then(async () => loseMessages(context, cluster.proxyOf(node)));
  await rooms[0].host.signaling.request(action, { userId });
  const answeredMs = performance.now();
  await deaf;
  await wait(WATCH_MS);
  if (victim.lost === null) throw new Error(`${WATCH_MS / 1000} s after ${action}, they are still connected`);
  const heardForMs = Math.max(0, victim.lastSoundMs - answeredMs);
  return { promiseMs: SENT_OUT_MS, holdsFor: 'all', measure: () => [heardForMs] };
}

/** Everything that others publish is lost for a moment, and at least one message. @throws {Error} when none comes */
async function loseMessages({ wait }: FaultContext, proxy: RedisProxy): Promise<void> {
  const before = proxy.lostCount;
  proxy.impairBus({ lost: 1, doubled: 0, delayed: 0, delayMs: 0 });
  await wait(DEAF_MS);
  if (proxy.lostCount === before) await wait(DEAF_LIMIT_MS - DEAF_MS);
  proxy.mendBus();
  if (proxy.lostCount === before) throw new Error('No message was lost: the word of it goes another way');
}

/** Someone who hears the room on a node that is not its home. */
async function findVictim({ cluster, rooms: [room] }: FaultContext, homeOrigin: string): Promise<ProbeListener> {
  for (let index = 1; index <= VICTIMS; index++) {
    const victim = await ProbeListener.enter(cluster.origin, room.hearing, `Victim ${index}`);
    if (victim.node !== homeOrigin) return victim;
    victim.close();
  }
  throw new Error('Nobody is led to another node than the home');
}
