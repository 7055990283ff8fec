import type { Socket } from 'node:dgram';
import { bindInRange, bindPort, bindUdp } from '../mixer/child/udp/bindUdp.ts';
import { openObjects } from '../objects/openObjects.ts';
import { LiveFragments } from './LiveFragments.ts';
import { LiveSink } from './LiveSink.ts';
import { MixRecorder } from './MixRecorder.ts';
import type { RecorderCommand, RecorderReport } from './recorderMessages.ts';
import { SegmentQueue } from './SegmentQueue.ts';
import { StorageWatch } from './StorageWatch.ts';

/**
 * The process that records: it does what its parent says over IPC, and ends with it. A process of its own, since a disk that does not
 * answer holds up every file operation of a process.
 */

const LOOPBACK = '127.0.0.1';
/** Between those of the mixers and those that systems give to outgoing connections. */
const PORTS = { min: 25_000, max: 25_999 };
const TICK_MS = 250;
/** Fragments are heard now: one that is over does not wait. */
const FRAGMENT_TICK_MS = 60;

interface Running {
  readonly recorder: MixRecorder;
  readonly queue: SegmentQueue;
  /** Of its own: what is heard now is not all kept, and a segment has what is kept alone. */
  readonly broadcaster: MixRecorder;
  readonly fragments: LiveFragments;
}

let running: Running | null = null;

process.on('message', (message) => handle(message as RecorderCommand));
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to every process of a terminal, and the parent decides what comes of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

function handle(command: RecorderCommand): void {
  switch (command.type) {
    case 'start':
      void start(command);
      return;
    case 'record':
      running?.recorder.record(command.mix);
      return;
    case 'store':
      running?.queue.push({ ...command.segment, bytes: Buffer.from(command.segment.bytes) });
      return;
    case 'stop':
      void stop(command.recordingId);
      return;
    case 'broadcast':
      running?.broadcaster.record(command.mix);
      running?.fragments.open(command.mix);
      return;
    case 'endBroadcast':
      running?.broadcaster.drop(command.recordingId);
      running?.fragments.drop(command.recordingId);
      return;
    case 'usage':
      report({ type: 'usage', usage: usage() });
  }
}

/** The time of day as it was when this process began, and goes on from there: a clock that is set does not stop a recording. */
const now = () => performance.timeOrigin + performance.now();

async function start({ port, storage }: Extract<RecorderCommand, { type: 'start' }>): Promise<void> {
  const objects = openObjects(storage);
  const queue = new SegmentQueue(objects);
  const recorder = new MixRecorder(queue);
  recorder.on('gap', (recordingId, gap) => report({ type: 'gap', recordingId, gap }));
  recorder.on('begun', (recordingId, atMs) => report({ type: 'begun', recordingId, atMs }));
  recorder.on('draft', (segment) => report({ type: 'pending', segment }));
  queue.on('queued', (segment) => report({ type: 'pending', segment }));
  queue.on('written', ({ recordingId, index, key, bytes }) =>
    report({ type: 'written', recordingId, index, key, bytes: bytes.length }),
  );
  queue.on('lost', ({ key }) => report({ type: 'lost', key }));
  const watch = new StorageWatch(objects);
  watch.on('changed', (problem) => report({ type: 'storage', problem }));
  const live = new LiveSink();
  const broadcaster = new MixRecorder(live);
  live.on('written', ({ recordingId, index, bytes, isWhole }) =>
    report({ type: 'live', recordingId, index, bytes, isWhole }),
  );
  const fragments = new LiveFragments();
  fragments.on('fragment', (fragment) => report({ type: 'fragment', ...fragment }));
  const socket = await bind(port);
  socket.on('message', (packet, sender) => {
    recorder.receive(packet, sender.port, now());
    broadcaster.receive(packet, sender.port, now());
    fragments.receive(packet, sender.port, now());
  });
  socket.on('error', () => undefined);
  setInterval(() => {
    recorder.tick(now());
    broadcaster.tick(now());
    if (recorder.storedCount > 0) watch.tick();
    else watch.rest();
  }, TICK_MS);
  setInterval(() => fragments.tick(now()), FRAGMENT_TICK_MS);
  running = { recorder, queue, broadcaster, fragments };
  report({ type: 'ready', port: socket.address().port });
}

/** The port of the process before, so that the mixers go on sending there. */
async function bind(port: number): Promise<Socket> {
  const bindAt = async (to: number) => bindUdp(LOOPBACK, to);
  if (port === 0) return bindInRange(bindAt, PORTS);
  return bindPort(bindAt, port).catch(async () => bindInRange(bindAt, PORTS));
}

async function stop(recordingId: string): Promise<void> {
  await running?.recorder.stop(recordingId, now());
  report({ type: 'stopped', recordingId });
}

function usage() {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
    recordings: running?.recorder.count ?? 0,
    waitingBytes: running?.queue.waitingBytes ?? 0,
  };
}

function report(message: RecorderReport): void {
  process.send?.(message);
}
