import { ChaosRoom } from '../ChaosRoom.ts';
import type { ClusterProcess } from '../cluster/ClusterProcess.ts';
import { BACK_MS, gaps, homeAndOther, UNNOTICED_MS, type Fault, type FaultContext, type Outcome } from '../Fault.ts';
import { LOSSY_ADDRESS } from '../LossyNetwork.ts';
import { childrenOf } from '../processes.ts';

/** One packet in twenty is lost. Now and then that is three packets of 60 ms in a row, which a decoder bridges. */
const CONCEALED_MS = 400;
const LOSSY_MS = 15_000;
/** A mixer that dies is replaced at once. */
const MIXER_BACK_MS = 2000;
const MIXER_WATCH_MS = 12_000;
const MANY_ROOMS = 40;
const MANY_ROOMS_WATCH_MS = 15_000;
const WARM_UP_MS = 3000;
const OPENED_AT_ONCE = 4;

const MIXER_FAULT = {
  endsChildren: true,
  env: { MIXERS: '2', CLUSTER_ADDRESS: '127.0.0.1' },
  nodes: 2,
  rooms: 3,
} as const;

/** The sound itself: packets that get lost, mixers that fail, and more rooms than cores. */
export const MEDIA_FAULTS: readonly Fault[] = [
  {
    name: 'loss-between-nodes',
    title: '5 % loss, 20 to 40 ms delay and overtaking between the nodes',
    env: { CLUSTER_ADDRESS: LOSSY_ADDRESS },
    run: async (context) => {
      const { network, wait, rooms } = context;
      const [home] = await homeAndOther(context);
      const elsewhere = rooms[0].probes.filter(({ node }) => node !== home.origin);
      network.impair({ loss: 0.05, delayMs: 20 });
      await wait(LOSSY_MS);
      const { passed, lost } = network.counts;
      network.impair({ loss: 0, delayMs: 0 });
      if (lost === 0) throw new Error(`Nothing was lost of ${passed} packets: the mix does not go this way`);
      return [gaps(elsewhere, CONCEALED_MS, 'all')];
    },
  },
  {
    ...MIXER_FAULT,
    name: 'mixer-killed',
    title: 'one of two mixers of a node is killed, for listeners of all rooms',
    run: async (context) => failMixer(context, 'SIGKILL', MIXER_BACK_MS),
  },
  {
    ...MIXER_FAULT,
    name: 'mixer-hung',
    title: 'one of two mixers of a node hangs (SIGSTOP), for listeners of all rooms',
    run: async (context) => failMixer(context, 'SIGSTOP', BACK_MS),
  },
  {
    name: 'forty-rooms',
    title: `${MANY_ROOMS} rooms talk at once, or are refused in words`,
    env: { NODE_CAPACITY: '1000' },
    run: async (context) => {
      const { wait } = context;
      const opened = await openRooms(context, MANY_ROOMS - 1);
      await wait(WARM_UP_MS);
      const probes = [...context.rooms, ...opened].flatMap((room) => room.probes);
      for (const probe of probes) probe.begin();
      await wait(MANY_ROOMS_WATCH_MS);
      const values = probes.map(({ gapMs }) => gapMs);
      await closeAll(opened);
      return [{ promiseMs: UNNOTICED_MS, holdsFor: 'all', measure: () => values }];
    },
  },
];

/** Rooms in which someone talks and someone listens, as many as the cluster takes. @throws {Error} when it refuses one without a word */
async function openRooms(context: FaultContext, count: number): Promise<ChaosRoom[]> {
  const { cluster, speeches, onEnd, note, signal } = context;
  const opened: ChaosRoom[] = [];
  const refusals: string[] = [];
  onEnd(async () => closeAll(opened));
  const turns = Array.from({ length: count }).values();
  const openInTurn = async (): Promise<void> => {
    for (const _ of turns) {
      signal.throwIfAborted();
      try {
        opened.push(await ChaosRoom.create({ origin: cluster.origin, speeches, listeners: 1 }));
      } catch (error) {
        const code = codeOf(error);
        if (code === null) throw error;
        refusals.push(code);
      }
    }
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openInTurn));
  note(`${opened.length} rooms were opened, ${refusals.length} refused: ${[...new Set(refusals)].join(', ')}`);
  return opened;
}

async function closeAll(rooms: ChaosRoom[]): Promise<void> {
  await Promise.all(rooms.splice(0).map(async (room) => room.close()));
}

/** With two mixers, the rooms of one of them go on as if nothing had been. */
async function failMixer(context: FaultContext, signal: NodeJS.Signals, promiseMs: number): Promise<Outcome[]> {
  const node = await busiestHome(context);
  const mixers = (await childrenOf(node.pid)).filter(({ commandLine }) => /mixer/i.test(commandLine));
  const [busiest] = mixers.toSorted((a, b) => b.userTicks - a.userTicks);
  if (!busiest) throw new Error(`Node ${node.id} has no mixer`);
  process.kill(busiest.pid, signal);
  await context.wait(MIXER_WATCH_MS);
  const homes = await Promise.all(context.rooms.map(async ({ id }) => context.cluster.homeOf(id)));
  const there = context.rooms.filter((_, index) => homes[index] === node);
  const longest = (room: ChaosRoom) => Math.max(...room.probes.map(({ gapMs }) => gapMs));
  const everyone = context.rooms.flatMap((room) => room.probes);
  const unharmed = there.toSorted((a, b) => longest(a) - longest(b))[0]!;
  return [gaps(everyone, promiseMs, 'all'), gaps(unharmed.probes, UNNOTICED_MS, 'all', 'the rooms of the other mixer')];
}

/** The node that has the most stages. */
async function busiestHome({ cluster, rooms }: FaultContext): Promise<ClusterProcess> {
  const homes = await Promise.all(rooms.map(async ({ id }) => cluster.homeOf(id)));
  const counts = cluster.nodes.map((node) => homes.filter((home) => home === node).length);
  const node = cluster.nodes[counts.indexOf(Math.max(...counts))];
  if (!node || Math.max(...counts) < 2) throw new Error('No node is the home of two rooms');
  return node;
}

/** The code of a refusal that a host can read; null of everything else. */
function codeOf(error: unknown): string | null {
  const code =
    (error as { code?: unknown; cause?: { code?: unknown } }).code ??
    (error as { cause?: { code?: unknown } }).cause?.code;
  return typeof code === 'string' && !['INTERNAL', 'UNAUTHENTICATED'].includes(code) ? code : null;
}
