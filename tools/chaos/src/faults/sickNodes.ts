import { setTimeout as sleep } from 'node:timers/promises';
import { gaps, UNNOTICED_MS, type Fault, type FaultContext } from '../Fault.ts';
import { ProbeListener } from '../ProbeListener.ts';
import { TinyDisk } from '../TinyDisk.ts';

/** Nothing listens there: what people send to it is answered by nobody. */
const DEAD_ADDRESS = '127.0.2.1';
const SOUND_MS = 12_000;
const AVOIDED_MS = 10_000;
const ARRIVALS = 50;
const ARRIVE_EVERY_MS = 500;
const GIVE_UP_MS = 25_000;
const POLL_MS = 50;
const KNOWN_LIMIT_MS = 10_000;
const FULL_FOR_MS = 10_000;
const FULL_ARRIVALS = 6;

/** Nodes that live and answer, and yet do not do their work. */
export const SICK_NODE_FAULTS: readonly Fault[] = [
  {
    name: 'gray-node',
    title: 'a new node gives tickets and passes no media: from arrival to the first sound',
    env: { NODE_CAPACITY: '1000' },
    run: async (context) => {
      const gray = await addNode(context, { MEDIA_ANNOUNCED_ADDRESS: DEAD_ADDRESS, CLUSTER_ADDRESS: '127.0.0.1' });
      const ledThereMs: number[] = [];
      const arrivals = Array.from({ length: ARRIVALS }, async (_, index) => {
        await context.wait(ARRIVE_EVERY_MS * index);
        return arrive(context, index, (origin) => origin === gray && ledThereMs.push(performance.now()));
      });
      const timesMs = await Promise.all(arrivals);
      if (ledThereMs.length === 0) throw new Error('Nobody was led to the gray node');
      const untilAvoidedMs = Math.max(...ledThereMs) - Math.min(...ledThereMs);
      return [
        { promiseMs: SOUND_MS, holdsFor: 'p95', measure: () => timesMs },
        { whom: 'until it takes nobody', promiseMs: AVOIDED_MS, holdsFor: 'all', measure: () => [untilAvoidedMs] },
        gaps(context.rooms[0].probes, UNNOTICED_MS, 'all', 'those who are in'),
      ];
    },
  },
  {
    name: 'disk-full',
    title: 'the disk of a node is full',
    env: { NODE_CAPACITY: '1000' },
    needsRoot: true,
    run: async (context) => {
      const { cluster, rooms, onEnd, wait } = context;
      const disk = await TinyDisk.create();
      onEnd(async () => disk.close());
      const origin = await addNode(context, { DATA_DIR: disk.path });
      const arrivals: ProbeListener[] = [];
      onEnd(async () => closeAll(arrivals));
      for (let index = 0; index < FULL_ARRIVALS; index++)
        arrivals.push(await ProbeListener.enter(cluster.origin, rooms[0].hearing, `Arrival ${index + 1}`));
      if (!arrivals.some(({ node }) => node === origin)) throw new Error('Nobody is on the node with the full disk');
      await disk.fill();
      for (const probe of arrivals) probe.begin();
      await wait(FULL_FOR_MS);
      const arrivalGapsMs = arrivals.map(({ gapMs }) => gapMs);
      closeAll(arrivals);
      return [
        gaps(rooms[0].probes, UNNOTICED_MS, 'all'),
        { whom: 'for those on it', promiseMs: UNNOTICED_MS, holdsFor: 'all', measure: () => arrivalGapsMs },
      ];
    },
  },
];

/** @returns the origin of the node, once all others know it */
async function addNode({ cluster, wait }: FaultContext, env: Readonly<Record<string, string>>): Promise<string> {
  const node = await cluster.add(env);
  const endMs = performance.now() + KNOWN_LIMIT_MS;
  while (performance.now() < endMs) {
    const views = await cluster.view();
    if (views.every((view) => view?.nodes.some(({ id }) => id === node.id))) return node.origin;
    await wait(POLL_MS);
  }
  throw new Error(`Node ${node.id} is not known to the others`);
}

/** Someone comes in, and leaves once they have heard something. @returns how long they waited for sound */
async function arrive(
  { cluster, rooms: [room] }: FaultContext,
  index: number,
  onTicket: (origin: string | null) => void,
): Promise<number> {
  const startedMs = performance.now();
  const probe = await ProbeListener.create(cluster.origin, room.hearing, `Arrival ${index + 1}`);
  probe.enter().catch(() => undefined);
  let ticket: unknown = null;
  while (probe.timeToSoundMs === null && performance.now() - startedMs < GIVE_UP_MS) {
    if (probe.ticket !== ticket) {
      ticket = probe.ticket;
      onTicket(probe.node);
    }
    await sleep(POLL_MS);
  }
  probe.close();
  return performance.now() - startedMs;
}

function closeAll(probes: readonly ProbeListener[]): void {
  for (const probe of probes) probe.close();
}
