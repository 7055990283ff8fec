import { BACK_MS, gaps, homeAndOther, UNNOTICED_MS, type Fault, type FaultContext, type Outcome } from '../Fault.ts';
import { childrenOf } from '../processes.ts';
import { createDiskStorage, createSharedStorage } from '../RecordingStorage.ts';
import { RoomRecorder, type HeardReplay } from '../RoomRecorder.ts';

/** Several segments. */
const RECORDED_MS = 8000;
const HOME_MISSED_MS = 12_000;
/** What is in one group of packets, and the jitter of a listener. */
const GROUP_MS = 300;
const RECORDER_GAP_MS = 3000;
const HOST_TOLD_MS = 2000;
const AWAY_MS = 15_000;
/** What a full disk refuses is whole segments, at both ends of the time for which it is full. */
const TWO_SEGMENTS_MS = 6000;

/** What goes wrong while a room is recorded. */
export const RECORDING_FAULTS: readonly Fault[] = [
  {
    name: 'recording-home-killed',
    title: '`kill -9` of the home of a room that is recorded',
    storage: createSharedStorage,
    run: async (context) => {
      const recorder = await startRecording(context);
      const [home] = await homeAndOther(context);
      const elsewhere = context.rooms[0].probes.filter(({ node }) => node !== home.origin);
      for (const probe of elsewhere) probe.begin();
      home.kill();
      await context.wait(HOME_MISSED_MS);
      await home.start();
      const { silenceMs } = await recorder.finish(context.cluster.origin);
      const missedMs = Math.min(...elsewhere.map(({ gapMs }) => gapMs));
      context.note(
        `the replay is silent for ${silenceMs} ms, and a listener heard nothing for ${Math.round(missedMs)} ms`,
      );
      return [
        gaps(elsewhere, BACK_MS, 'p95'),
        amount('the replay, beyond what a listener missed', GROUP_MS, Math.max(0, silenceMs - missedMs)),
      ];
    },
  },
  {
    name: 'recorder-killed',
    title: '`kill -9` of the process that records',
    storage: createSharedStorage,
    endsChildren: true,
    run: async (context) => {
      const recorder = await startRecording(context);
      const [home] = await homeAndOther(context);
      const child = (await childrenOf(home.pid)).find(({ commandLine }) => commandLine.includes('recorderChild'));
      if (!child) throw new Error('The home has no recorder');
      process.kill(child.pid, 'SIGKILL');
      await context.wait(RECORDED_MS);
      return [
        gaps(context.rooms[0].probes, UNNOTICED_MS, 'all'),
        ...replayGaps(await recorder.finish(context.cluster.origin), RECORDER_GAP_MS),
      ];
    },
  },
  {
    name: 'recording-storage-away',
    title: 'the object storage is away for 15 s while a room is recorded',
    storage: createSharedStorage,
    run: async (context) => loseStorage(context, GROUP_MS),
  },
  {
    name: 'recording-disk-full',
    title: 'the disk of a node is full for 15 s while a room is recorded',
    storage: createDiskStorage,
    nodes: 1,
    needsRoot: true,
    run: async (context) => loseStorage(context, AWAY_MS + TWO_SEGMENTS_MS),
  },
];

async function loseStorage(context: FaultContext, replayGapMs: number): Promise<Outcome[]> {
  const { storage, rooms, cluster, wait } = context;
  const recorder = await startRecording(context);
  recorder.listen();
  const lostMs = performance.now();
  await storage?.takeAway();
  const toldMs = await recorder.toldAfterMs(lostMs);
  await wait(AWAY_MS - toldMs);
  await storage?.giveBack();
  await wait(RECORDED_MS);
  return [
    gaps(rooms[0].probes, UNNOTICED_MS, 'all'),
    amount('the host is told', HOST_TOLD_MS, toldMs),
    ...replayGaps(await recorder.finish(cluster.origin), replayGapMs),
  ];
}

async function startRecording({ rooms, cluster, wait }: FaultContext): Promise<RoomRecorder> {
  const recorder = await RoomRecorder.start(rooms[0], cluster.origin);
  await wait(RECORDED_MS);
  return recorder;
}

function replayGaps({ silenceMs, unmarkedMs }: HeardReplay, promiseMs: number): Outcome[] {
  return [amount('the replay', promiseMs, silenceMs), amount('what the replay does not mark', GROUP_MS, unmarkedMs)];
}

function amount(whom: string, promiseMs: number, ms: number): Outcome {
  return { whom, promiseMs, holdsFor: 'all', measure: () => [ms] };
}
