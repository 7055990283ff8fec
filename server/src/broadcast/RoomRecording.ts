import { EventEmitter } from 'node:events';
import type { Person } from '@tribune/shared/domain.ts';
import type { Archive } from '../archive/Archive.ts';
import type { RoomMix } from '../mixer/RoomMix.ts';
import { PAUSED, type Gap, type NewRecording, type ReactionCount, type SegmentRun } from '../sql/recording.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import type { LiveBroadcast } from './LiveBroadcast.ts';
import { BEGINS_WITHIN_MS, type LiveSegment, type MixPart, type WrittenSegment } from './recorderMessages.ts';
import { SEGMENT_MS } from './segment.ts';
import type { Begin, RecorderProcess } from './RecorderProcess.ts';

const TELL_EVERY_MS = 60_000;

interface RoomRecordingOptions {
  readonly process: Pick<RecorderProcess, 'prepare' | 'port' | 'record' | 'stop' | 'broadcast' | 'endBroadcast'>;
  readonly archive: Pick<Archive, 'log' | 'recordings' | 'bytesLeft'>;
  readonly read: () => RoomRecord;
  readonly nodeId: string;
  readonly live: LiveBroadcast;
  /** Unix time in ms by the clock that all nodes share, which is that of the mix. */
  readonly nowMs: () => number;
  /** Why the storage takes nothing, where that is known. */
  readonly storageProblem: () => string | null;
}

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
  /** A segment to be heard now, of which something did not come: another node may have it. */
  incomplete: [LiveSegment];
  closed: [];
}> {
  readonly #options: RoomRecordingOptions;
  readonly #stage = new Map<string, OnStage>();
  #run: SegmentRun | null = null;
  /** Of the last segment of the run. */
  #lastBytes = 0;
  /** This node stores it. */
  #isRunning = false;
  #reactions: ReactionCount = { at: 0, count: 0 };
  /** This node stores or holds it. */
  #isKept = false;
  #finishedAt: number | null = null;
  #toldMs = -Infinity;

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

  /** This node records this mix, or holds it. To be called again and again: whatever has changed is noted. */
  record({ ssrc, port }: RoomMix, part: MixPart): void {
    const {
      process,
      archive: { log },
      read,
    } = this.#options;
    const record = read();
    const { id: recordingId, recordingSince, recordedUntil } = record;
    if (recordingSince === null) return;
    this.#isKept = true;
    process.record({ recordingId, ssrc, port, ...part });
    if (!part.isHome) {
      // The home before leaves it to the next to say who is on stage.
      this.#isRunning = false;
      this.#stage.clear();
      return;
    }
    if (!this.#isRunning) {
      this.#isRunning = true;
      // A part that begins is told at once: the one before may have been stopped because there was no room.
      this.#toldMs = -Infinity;
      this.#tell(record);
      if (recordedUntil !== null) log.addGap(recordingId, { from: recordedUntil, to: recordingSince, reason: PAUSED });
      this.handleStorage(this.#options.storageProblem());
    }
    this.#noteStage(record, recordingSince);
    this.#tell(record);
  }

  /** People react, here or on another node. */
  addReactions(count: number): void {
    if (!this.#isRunning) return;
    const now = this.#options.nowMs();
    const { at, count: before } = this.#reactions;
    // Those of three seconds are one row.
    this.#reactions = now - at < SEGMENT_MS ? { at, count: before + count } : { at: now, count };
    this.#options.archive.log.addReactions(this.#options.read().id, this.#reactions);
  }

  /** This node makes the segments that are heard now. To be called again and again. */
  broadcast(mix: RoomMix): void {
    const { ssrc, port } = mix;
    const part = { epoch: 0, isHome: true, isAlone: false };
    this.#options.process.broadcast({ recordingId: this.#options.read().id, ssrc, port, ...part });
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
    if (!this.#isKept && !isOver) return;
    this.#isKept = false;
    this.#isRunning = false;
    this.#run = null;
    if (isOver) this.#finishedAt = recordedUntil;
    void this.#stop({ isOver });
  }

  /** A segment can be heard. */
  handleLive(segment: LiveSegment): void {
    if (segment.isWhole) this.live.add(segment.index, segment.bytes);
    else this.emit('incomplete', segment);
  }

  /** A segment of it is stored. */
  handleWritten({ recordingId, index, bytes }: WrittenSegment): void {
    const { archive, nodeId } = this.#options;
    const run = this.#run;
    if (run && index === run.last) this.#run = { ...run, bytes: run.bytes - this.#lastBytes + bytes };
    else if (run && index === run.last + 1) this.#run = { ...run, last: index, bytes: run.bytes + bytes };
    else this.#run = { node: nodeId, first: index, last: index, bytes };
    this.#lastBytes = bytes;
    archive.log.addRun(recordingId, this.#run);
  }

  /** The first packet has come: what should have come before is missing, unless another node has recorded it. */
  handleBegun({ atMs, isInterrupted, savedUntil }: Begin): void {
    const { recordingSince } = this.#options.read();
    if (!this.#isRunning || recordingSince === null) return;
    if (isInterrupted) {
      const from = Math.max(savedUntil ?? recordingSince, recordingSince);
      if (atMs > from) this.handleGap({ from, to: atMs, reason: 'recorder' });
    } else if (atMs - recordingSince > BEGINS_WITHIN_MS) void this.#findGap(recordingSince, atMs);
  }

  /** The host hears at once that nothing can be stored: what cannot be stored later either is told as a gap. */
  handleStorage(problem: string | null): void {
    if (!this.#isRunning || problem === null) return;
    const nowMs = this.#options.nowMs();
    this.emit('lost', { from: nowMs, to: nowMs, reason: problem });
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

  /** What no node has, since the recording was to begin. */
  async #findGap(since: number, to: number): Promise<void> {
    const { archive, read } = this.#options;
    // Nobody knows while the database is away.
    const recording = await archive.recordings.find(read().id).catch(() => undefined);
    if (recording === undefined) return;
    const ends = (recording?.runs ?? []).map(({ last }) => (last + 1) * SEGMENT_MS).filter((end) => end <= to);
    const from = Math.max(since, ...ends);
    if (to - from > BEGINS_WITHIN_MS) this.handleGap({ from, to, reason: 'node' });
  }

  async #stop({ isOver }: { isOver: boolean }): Promise<void> {
    const {
      process,
      archive: { log },
      read,
      nowMs,
    } = this.#options;
    const { id: recordingId, recordedUntil } = read();
    for (const { person, from } of this.#stage.values())
      log.addStretch(recordingId, { kind: 'stage', person, from, to: recordedUntil ?? nowMs() });
    this.#stage.clear();
    await process.stop(recordingId);
    // Started again meanwhile: the end is still to come.
    if (!isOver || recordedUntil === null || this.#isRunning) return;
    log.finish(recordingId, { endedAt: recordedUntil });
  }

  /** Once a minute: that it goes on, whether anything can be stored or not. Is there room for more? */
  #tell(record: RoomRecord): void {
    const { archive } = this.#options;
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < TELL_EVERY_MS) return;
    this.#toldMs = nowMs;
    archive.log.start(this.#describe(record));
    archive.bytesLeft(record.id).then(
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
      log.addStretch(recordingId, { kind: 'stage', person, from, to: this.#options.nowMs() });
    }
    for (const { userId, name, since } of stage.values()) {
      if (this.#stage.has(userId)) continue;
      const entry = { person: { userId, name }, from: Math.max(since, recordingSince) };
      this.#stage.set(userId, entry);
      log.addStretch(recordingId, { kind: 'stage', ...entry, to: null });
    }
  }
}
