import { BACK_MS, gaps, homeAndOther, UNNOTICED_MS, type Fault } from '../Fault.ts';
import { comeInCrowd } from '../comeInCrowd.ts';

/** Three times as long as nodes need to miss one of them. */
const NODE_MISSED_MS = 12_000;
const HOME_PAUSED_MS = 20_000;
/**
 * A home that stands still closes no connection. The people on its stage learn it from the ping of their socket, and only then go to
 * the next home.
 */
const STAGE_NOTICES_MS = 15_000;
const BETWEEN_DEPLOYS_MS = 3000;
const CROWD_WITHIN_MS = 10_000;

/** Nodes that die, stand still, and go. */
export const NODE_FAULTS: readonly Fault[] = [
  {
    name: 'listener-node-killed',
    title: '`kill -9` of a node of listeners',
    run: async (context) => {
      const [, other] = await homeAndOther(context);
      const there = context.rooms[0].probesAt(other.origin);
      const elsewhere = context.rooms[0].probes.filter((probe) => !there.includes(probe));
      other.kill();
      await context.wait(NODE_MISSED_MS);
      await other.start();
      return [gaps(there, BACK_MS, 'p95'), gaps(elsewhere, UNNOTICED_MS, 'all', 'the others')];
    },
  },
  {
    name: 'home-killed',
    title: '`kill -9` of the home',
    run: async (context) => {
      const [home] = await homeAndOther(context);
      home.kill();
      await context.wait(NODE_MISSED_MS);
      await home.start();
      return [gaps(context.rooms[0].probes, BACK_MS, 'p95')];
    },
  },
  {
    name: 'home-paused',
    title: 'the home stands still for 20 s (SIGSTOP), for listeners on other nodes',
    run: async (context) => {
      const [home] = await homeAndOther(context);
      const elsewhere = context.rooms[0].probes.filter(({ node }) => node !== home.origin);
      home.pause();
      await context.wait(HOME_PAUSED_MS);
      home.resume();
      return [gaps(elsewhere, STAGE_NOTICES_MS, 'p95')];
    },
  },
  {
    name: 'rolling-deploy',
    title: 'all nodes are drained and started again, one after the other',
    run: async ({ cluster, rooms, wait }) => {
      for (const node of cluster.nodes) {
        await node.drain();
        await node.start();
        await wait(BETWEEN_DEPLOYS_MS);
      }
      return [gaps(rooms[0].probes, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'home-drained-under-hands',
    title: 'the home is drained while a hand goes up every 200 ms',
    activity: { handsEveryMs: 200 },
    run: async (context) => {
      const [home] = await homeAndOther(context);
      await home.drain();
      await home.start();
      await context.wait(BETWEEN_DEPLOYS_MS);
      return [gaps(context.rooms[0].probes, UNNOTICED_MS, 'all')];
    },
  },
  {
    name: 'twice-the-capacity',
    title: 'twice as many people as fit come within 10 s, for those who are in',
    run: async ({ cluster, rooms: [room], capacity }) => {
      await comeInCrowd(cluster.origin, room, capacity * 2, CROWD_WITHIN_MS);
      return [gaps(room.probes, UNNOTICED_MS, 'all')];
    },
  },
];
