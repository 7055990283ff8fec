import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Archive } from '../archive/Archive.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { StorageLocation } from '../objects/openObjects.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import { LiveBroadcast } from './LiveBroadcast.ts';
import type { LiveReaders } from './LiveReaders.ts';
import type { RecorderUsage } from './recorderMessages.ts';
import { RecorderProcess } from './RecorderProcess.ts';
import { Transcoders } from './Transcoders.ts';
import { RoomRecording } from './RoomRecording.ts';

const CLOSE_LIMIT_MS = 1000;

interface RecorderOptions {
  readonly archive: Pick<Archive, 'log' | 'recordings' | 'bytesLeft'> & { readonly storage: StorageLocation };
  readonly config: Pick<Config, 'NODE_ID' | 'PEOPLE_PER_ADDRESS'>;
  readonly liveReaders: LiveReaders;
  readonly logger: Logger;
  /** Unix time in ms by the clock that all nodes share. */
  readonly nowMs: () => number;
}

/** Records the rooms of this node. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #process: RecorderProcess;
  readonly #transcoders = new Transcoders();
  /** By the id of the recording, which is that of the room. */
  readonly #rooms = new Map<string, RoomRecording>();
  /** Why the storage takes nothing, as far as the process has found out; null while nothing is recorded. */
  #storageProblem: string | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { archive, logger } = options;
    this.#process = new RecorderProcess({ storage: archive.storage, logger });
    this.#process.on('written', (segment) => this.#rooms.get(segment.recordingId)?.handleWritten(segment));
    this.#process.on('live', (segment) => this.#rooms.get(segment.recordingId)?.handleLive(segment));
    this.#process.on('fragment', ({ recordingId, bytes }) =>
      this.#rooms.get(recordingId)?.live.addFragment(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
    );
    this.#process.on('ready', () => {
      this.#storageProblem = null;
      for (const recording of this.#rooms.values()) recording.emit('ready');
    });
    this.#process.on('begun', (recordingId, begin) => this.#rooms.get(recordingId)?.handleBegun(begin));
    this.#process.on('storage', (problem) => {
      this.#storageProblem = problem;
      if (problem) logger.warn({ problem }, 'The storage of recordings takes nothing; live sound goes on');
      for (const recording of this.#rooms.values()) recording.handleStorage(problem);
    });
    this.#process.on('gap', (recordingId, gap) => {
      logger.warn({ recordingId, gap }, 'Sound is missing in a recording');
      this.#rooms.get(recordingId)?.handleGap(gap);
    });
  }

  /** Takes a mix at once: its process is there. */
  get isReady(): boolean {
    return this.#process.port !== null;
  }

  /** Null until something was recorded. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get usage(): RecorderUsage {
    return this.#process.usage;
  }

  /** @param read the record of the room as last heard */
  openRoom(roomId: string, read: () => RoomRecord): RoomRecording {
    const { archive, config, liveReaders, nowMs } = this.#options;
    const nodeId = config.NODE_ID;
    const live = new LiveBroadcast({
      ...{ readers: liveReaders, transcoders: this.#transcoders, maxPerAddress: config.PEOPLE_PER_ADDRESS },
    });
    const recording = new RoomRecording({
      ...{ process: this.#process, archive, read, nodeId, live, nowMs },
      storageProblem: () => this.#storageProblem,
    });
    this.#rooms.set(roomId, recording);
    recording.once('closed', () => {
      if (this.#rooms.get(roomId) === recording) this.#rooms.delete(roomId);
    });
    return recording;
  }

  /** Stores what rooms that were just closed have left, for a second at most. */
  async close(): Promise<void> {
    const storing = [...this.#rooms.values()].map(async (recording) => once(recording, 'closed'));
    await Promise.race([Promise.all(storing), sleep(CLOSE_LIMIT_MS, undefined, { ref: false })]);
    this.#process.close();
    this.#transcoders.close();
  }
}
