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
/** Everything that is published within it after the write is lost. */
const DEAF_MS = 500;
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
  const { host } = rooms[0];
  const victim = await findVictim(context, home.origin);
  const { userId } = victim;
  const node = cluster.nodes.find(({ origin }) => origin === victim.node)!;
  const proxy = cluster.proxyOf(node);
  const lostBefore = proxy.lostCount;
  const written = cluster
    .proxyOf(home)
    .commandWith([action, userId], AbortSignal.any([signal, AbortSignal.timeout(COMMAND_LIMIT_MS)]));
  const deaf = written.then(async () => {
    proxy.impairBus({ lost: 1, doubled: 0, delayed: 0, delayMs: 0 });
    await wait(DEAF_MS);
    proxy.mendBus();
  });
  await Promise.all([host.signaling.request(action, { userId }), deaf]);
  const endedMs = performance.now();
  if (proxy.lostCount === lostBefore) throw new Error('No message was lost: the word of it goes another way');
  await wait(WATCH_MS);
  const heardForMs = Math.max(0, victim.lastSoundMs - endedMs + DEAF_MS);
  const isOut = victim.lost !== null;
  victim.close();
  if (!isOut) throw new Error(`Someone who was sent out (${action}) is still connected ${WATCH_MS / 1000} s later`);
  return { promiseMs: SENT_OUT_MS, holdsFor: 'all', measure: () => [heardForMs] };
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
