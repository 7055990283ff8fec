import { EventEmitter } from 'node:events';
import type { Person } from '@tribune/shared/domain.ts';
import type { Archive } from '../archive/Archive.ts';
import type { RoomMix } from '../mixer/RoomMix.ts';
import type { Gap, NewRecording, SegmentRun } from '../sql/recording.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import type { LiveBroadcast } from './LiveBroadcast.ts';
import type { WrittenSegment } from './recorderMessages.ts';
import { SEGMENT_MS } from './segment.ts';
import type { RecorderProcess } from './RecorderProcess.ts';

const QUOTA_EVERY_MS = 60_000;

interface RoomRecordingOptions {
  readonly process: Pick<RecorderProcess, 'prepare' | 'port' | 'record' | 'stop' | 'broadcast' | 'endBroadcast'>;
  readonly archive: Pick<Archive, 'log' | 'bytesLeft'>;
  readonly read: () => RoomRecord;
  readonly nodeId: string;
  readonly live: LiveBroadcast;
}

/** The reason of a gap that the host wanted: replays go over it. */
export const PAUSED = 'paused';

/** Somebody on stage, and since when under REC. */
interface OnStage {
  readonly person: Person;
  readonly from: number;
}

/** The recording of one room on this node, for as long as the room is open here. Its id is the room's. */
export class RoomRecording extends EventEmitter<{
  /** Sound that could not be kept. */
  lost: [Gap];
  /** There is no room for more of it, by the quotas of the server. */
  full: [];
  /** The recorder takes mixes. */
  ready: [];
  closed: [];
}> {
  readonly #options: RoomRecordingOptions;
  readonly #stage = new Map<string, OnStage>();
  #run: SegmentRun | null = null;
  #isRunning = false;
  #finishedAt: number | null = null;
  #quotaAskedMs = -Infinity;

  constructor(options: RoomRecordingOptions) {
    super();
    this.#options = options;
  }

  /** The room as it is heard now over HTTP. */
  get live(): LiveBroadcast {
    return this.#options.live;
  }

  /** The UDP port on 127.0.0.1 where the recorder takes the mix; null while it cannot: `ready` says when it does. */
  openPort(): number | null {
    this.#options.process.prepare();
    return this.#options.process.port;
  }

  /** This node records this mix. To be called again and again: whatever has changed is noted. */
  record(mix: RoomMix): void {
    const {
      process,
      archive: { log },
      read,
    } = this.#options;
    const record = read();
    const { id: recordingId, recordingSince, recordedUntil } = record;
    if (recordingSince === null) return;
    process.record({ recordingId, ssrc: mix.ssrc, port: mix.port });
    if (!this.#isRunning) {
      this.#isRunning = true;
      // A part that begins is asked for at once: the one before may have been stopped because there was no room.
      this.#quotaAskedMs = -Infinity;
      log.start(this.#describe(record));
      if (recordedUntil !== null) log.addGap(recordingId, { from: recordedUntil, to: recordingSince, reason: PAUSED });
    }
    this.#noteStage(record, recordingSince);
    this.#askQuota(recordingId);
  }

  /** This node makes the segments that are heard now. To be called again and again. */
  broadcast(mix: RoomMix): void {
    this.#options.process.broadcast({ recordingId: this.#options.read().id, ssrc: mix.ssrc, port: mix.port });
  }

  endBroadcast(): void {
    this.#options.process.endBroadcast(this.#options.read().id);
  }

  /**
   * This node does not record, or not any more. To be called again and again.
   * @param isHome the room is this node's to keep: it says when the recording is complete
   */
  rest({ isHome }: { isHome: boolean }): void {
    const { recordedUntil, recordingSince, recordingPolicy, phase } = this.#options.read();
    // A process takes half a second to start, and the host waits for nothing.
    if (isHome && phase === 'live' && recordingPolicy !== 'off') this.#options.process.prepare();
    const isOver = isHome && recordingSince === null && recordedUntil !== null && recordedUntil !== this.#finishedAt;
    if (!this.#isRunning && !isOver) return;
    this.#isRunning = false;
    this.#run = null;
    if (isOver) this.#finishedAt = recordedUntil;
    void this.#stop({ isOver });
  }

  /** A segment of it is stored. */
  handleWritten({ recordingId, index, bytes }: WrittenSegment): void {
    const { archive, nodeId } = this.#options;
    const isNext = this.#run?.last === index - 1;
    this.#run =
      isNext && this.#run
        ? { ...this.#run, last: index, bytes: this.#run.bytes + bytes }
        : { node: nodeId, first: index, last: index, bytes };
    archive.log.addRun(recordingId, this.#run);
  }

  /** Another process records: what had not been stored is missing. */
  handleRestart(): void {
    const { recordingSince } = this.#options.read();
    if (!this.#isRunning || recordingSince === null) return;
    const from = this.#run ? (this.#run.last + 1) * SEGMENT_MS : recordingSince;
    this.#run = null;
    this.handleGap({ from, to: Date.now(), reason: 'recorder' });
  }

  handleGap(gap: Gap): void {
    this.#options.archive.log.addGap(this.#options.read().id, gap);
    // What the mixer did not send, listeners did not hear either: the host knows.
    if (gap.reason !== 'mixer') this.emit('lost', gap);
  }

  /** The room is closed here. What there is of the recording is still stored. */
  close({ isHome }: { isHome: boolean }): void {
    this.rest({ isHome });
    this.endBroadcast();
    this.live.close();
    void this.#options.process.stop(this.#options.read().id).then(() => this.emit('closed'));
  }

  async #stop({ isOver }: { isOver: boolean }): Promise<void> {
    const {
      process,
      archive: { log },
      read,
    } = this.#options;
    const { id: recordingId, recordedUntil, recordedMs } = read();
    for (const { person, from } of this.#stage.values())
      log.addStretch(recordingId, { kind: 'stage', person, from, to: recordedUntil ?? Date.now() });
    this.#stage.clear();
    await process.stop(recordingId);
    // Started again meanwhile: the end is still to come.
    if (!isOver || recordedUntil === null || this.#isRunning) return;
    log.finish(recordingId, { endedAt: recordedUntil, durationMs: recordedMs });
  }

  #askQuota(recordingId: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#quotaAskedMs < QUOTA_EVERY_MS) return;
    this.#quotaAskedMs = nowMs;
    this.#options.archive.bytesLeft(recordingId).then(
      (left) => left <= 0 && this.#isRunning && this.emit('full'),
      // Nobody knows while the database is away: what is said is kept.
      () => undefined,
    );
  }

  #describe({ id, title, host, language, recordingSince, createdAt }: RoomRecord): NewRecording {
    return {
      ...{ id, roomId: id, title, host, language, visibility: 'unlisted', retentionDays: null },
      // Of this part: one that begins after what was before was deleted is another recording.
      ...{ startedAt: recordingSince ?? createdAt, node: this.#options.nodeId },
    };
  }

  /** Who is on stage under REC, and who was until now. */
  #noteStage({ id: recordingId, stage }: RoomRecord, recordingSince: number): void {
    const { log } = this.#options.archive;
    for (const [userId, { person, from }] of this.#stage) {
      if (stage.has(userId)) continue;
      this.#stage.delete(userId);
      log.addStretch(recordingId, { kind: 'stage', person, from, to: Date.now() });
    }
    for (const { userId, name, since } of stage.values()) {
      if (this.#stage.has(userId)) continue;
      const entry = { person: { userId, name }, from: Math.max(since, recordingSince) };
      this.#stage.set(userId, entry);
      log.addStretch(recordingId, { kind: 'stage', ...entry, to: null });
    }
  }
}
