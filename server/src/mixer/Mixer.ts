import { fork, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import { MixerProcess } from './MixerProcess.ts';
import type { CodecInfo, MixerUsage, MixFailed, MixOpened, RoomState } from './mixerMessages.ts';
import { deriveRelayKey } from './deriveRelayKey.ts';
import { RoomMix } from './RoomMix.ts';

/** A port and an encoder take milliseconds; a process that was just replaced, a second. */
const OPEN_TIMEOUT_MS = 5000;
/** A mix that fails is opened again so many times in a minute; then it is lost. */
const MAX_FAILURES = 3;
const FAILURES_WITHIN_MS = 60_000;
/** Clocks that differ by less are the same: how long an answer of Redis takes is part of the difference. */
const SAME_CLOCK_MS = 250;
/** What a room with open microphones takes of a core, for those that were placed so lately that no measurement has them. */
const ROOM_LOAD = 0.05;
const UNMEASURED_MS = 5000;

export type MixerConfig = Pick<Config, 'MIXERS' | 'MIX_BITRATE' | 'relayListenAddress'>;

interface MixerOptions {
  readonly config: MixerConfig;
  /** Keys of what mixers of different nodes send to each other are derived from it. */
  readonly secret: string;
  readonly logger: Logger;
  /** Starts one mixer process. */
  readonly fork?: () => ChildProcess;
}

interface Room {
  state: RoomState;
  process: MixerProcess;
  readonly mix: RoomMix;
  readonly opened: PromiseWithResolvers<void>;
  readonly placedAt: number;
}

/**
 * The mixes of this node's rooms, spread over several mixer processes: each has whole rooms, and is told everything about them
 * again when it is replaced.
 */
export class Mixer extends EventEmitter<{ restarted: [] }> {
  readonly #config: MixerConfig;
  readonly #logger: Logger;
  readonly #processes: readonly MixerProcess[];
  readonly #rooms = new Map<string, Room>();
  /** When the mix of a room failed, by room; kept when the mix is gone, so that opening it anew is no way round the limit. */
  readonly #failures = new Map<string, readonly number[]>();
  #openings = 0;
  #nowMs = () => Date.now();
  #closed = false;

  private constructor({ config, secret, logger, fork: startProcess = forkMixer }: MixerOptions) {
    super();
    this.#config = config;
    this.#logger = logger.child({ component: 'Mixer' });
    const settings = {
      relayKey: deriveRelayKey(secret).toString('base64'),
      listenAddress: config.relayListenAddress,
    };
    this.#processes = Array.from({ length: config.MIXERS }, (_, index) => {
      const child = this.#logger.child({ mixer: index });
      return this.#watch(new MixerProcess({ fork: startProcess, settings, logger: child }));
    });
  }

  /** Resolves once every process is ready. @throws {Error} when one ends before, or cannot be started; none is left then */
  static async create(options: MixerOptions): Promise<Mixer> {
    const mixer = new Mixer(options);
    try {
      await Promise.all(mixer.#processes.map(startAndWait));
      mixer.#logCodec();
    } catch (error) {
      mixer.close();
      throw error;
    }
    return mixer;
  }

  /** Mixes go by this clock from here on: Unix time in ms. All nodes of a cluster have to have the same. */
  useClock(nowMs: () => number): void {
    this.#nowMs = nowMs;
  }

  /** Of the processes that run now. */
  get pids(): readonly number[] {
    return this.#processes.map(({ pid }) => pid).filter((pid) => pid !== undefined);
  }

  /** Of the process that mixes this room. */
  findPid(roomId: string): number | undefined {
    return this.#rooms.get(roomId)?.process.pid;
  }

  /** Does a process run and answer? */
  get ready(): boolean {
    return this.#processes.some(({ isReady }) => isReady);
  }

  /** Share of a core that the least loaded process used over the last seconds, 0 to 1; 1 when none runs. */
  get load(): number {
    return Math.min(1, ...this.#running.map(({ load }) => load.cpu));
  }

  /**
   * False when every process that runs is past 80 % of a core, or past 40 % and late with more than a tenth of its ticks. While none
   * runs, it is about to be replaced: a room can be made, and its stage is heard meanwhile.
   */
  get canTakeRoom(): boolean {
    const running = this.#running;
    return running.length === 0 || running.some(({ load }) => !load.isFull);
  }

  /** Which Opus the mixes are made with; null until a process has been ready. */
  get codec(): CodecInfo | null {
    return this.#processes[0]?.codec ?? null;
  }

  /** Opens the mix of a room. @throws {Error} when no port can be had, the process does not answer, or the room failed too often */
  async openRoom(roomId: string): Promise<RoomMix> {
    if (this.#closed) throw new Error('The mixer is closed');
    if (this.#rooms.has(roomId)) throw new Error('The room has a mix');
    if (this.#failuresOf(roomId).length > MAX_FAILURES) throw new Error('The mix of the room failed too often');
    const room = this.#createRoom(roomId);
    this.#rooms.set(roomId, room);
    this.#tell(room);
    const timer = setTimeout(() => room.opened.reject(new Error('The mixer does not answer')), OPEN_TIMEOUT_MS);
    try {
      await room.opened.promise;
    } catch (error) {
      this.#drop(room);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return room.mix;
  }

  /** Of all processes together. */
  async getUsage(): Promise<MixerUsage> {
    const usages = await Promise.all(this.#processes.map(async (process) => process.getUsage()));
    const sum = (read: (usage: MixerUsage) => number) => usages.reduce((total, usage) => total + read(usage), 0);
    return {
      cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
      rssBytes: sum(({ rssBytes }) => rssBytes),
      ticks: sum(({ ticks }) => ticks),
      lateTicks: sum(({ lateTicks }) => lateTicks),
      rooms: sum(({ rooms }) => rooms),
      speakers: sum(({ speakers }) => speakers),
    };
  }

  close(): void {
    this.#closed = true;
    for (const process of this.#processes) process.close();
    for (const { opened } of this.#rooms.values()) opened.reject(new Error('The mixer is closed'));
    this.#rooms.clear();
  }

  #logCodec(): void {
    const { codec } = this;
    if (!codec) return;
    const advice = 'With the libopus of the system (libopus0 on Debian) they take half of the CPU';
    const where = codec.name === 'native' ? 'of this machine' : `in WebAssembly. ${advice}`;
    this.#logger.info({ codec }, `Mixers use ${codec.version} ${where}`);
  }

  get #running(): readonly MixerProcess[] {
    return this.#processes.filter(({ isReady }) => isReady);
  }

  #watch(process: MixerProcess): MixerProcess {
    process.on('ready', ({ isReplacement }) => {
      for (const room of this.#rooms.values()) if (room.process === process) this.#reopen(room);
      if (isReplacement) this.emit('restarted');
    });
    process.on('ended', ({ wasReady }) => {
      // It cannot be started, and no room is to blame.
      if (!wasReady) this.#moveRooms(process);
    });
    process.on('opened', (report) => this.#handleOpened(report));
    process.on('failed', (report) => this.#handleFailed(report));
    return process;
  }

  #createRoom(roomId: string): Room {
    const { MIX_BITRATE: bitrate } = this.#config;
    const room: Room = {
      state: {
        ...{ roomId, opening: ++this.#openings, port: 0, relayPort: 0, ssrc: randomInt(1, 0x1_0000_0000) },
        ...{ bitrate, epoch: null, nodes: [], sound: 'speech', clockMs: 0, speakers: [], outputs: [] },
      },
      process: this.#pickProcess(),
      mix: new RoomMix({
        read: () => room.state,
        update: (change) => {
          room.state = { ...room.state, ...change };
          if (this.#rooms.get(roomId) === room) this.#tell(room);
        },
        close: () => this.#drop(room),
      }),
      opened: Promise.withResolvers(),
      placedAt: performance.now(),
    };
    return room;
  }

  /** The least loaded of those that run; where none does, the room waits for one. */
  #pickProcess(): MixerProcess {
    const candidates = this.#running.length > 0 ? this.#running : this.#processes;
    return candidates.reduce((best, process) => (this.#loadOf(process) < this.#loadOf(best) ? process : best));
  }

  #loadOf(process: MixerProcess, now = performance.now()): number {
    const rooms = [...this.#rooms.values()].filter((room) => room.process === process);
    const unmeasured = rooms.filter(({ placedAt }) => now - placedAt < UNMEASURED_MS);
    // Of two that are as idle, the one with fewer rooms.
    return process.load.cpu + unmeasured.length * ROOM_LOAD + rooms.length / 1e4;
  }

  /** The rooms of a process that is gone go on with the others. */
  #moveRooms(from: MixerProcess): void {
    if (this.#running.length === 0) return;
    for (const room of this.#rooms.values()) {
      if (room.process !== from) continue;
      room.process = this.#pickProcess();
      this.#reopen(room);
    }
  }

  #tell(room: Room): void {
    const aheadMs = this.#nowMs() - Date.now();
    room.process.send({
      type: 'room',
      room: { ...room.state, clockMs: Math.abs(aheadMs) > SAME_CLOCK_MS ? aheadMs : 0 },
    });
  }

  /** In a process that has not got it. */
  #reopen(room: Room): void {
    this.#tell(room);
    if (room.state.port !== 0) room.mix.emit('renumbered');
  }

  #drop(room: Room): void {
    const { roomId } = room.state;
    if (this.#rooms.get(roomId) !== room) return;
    this.#rooms.delete(roomId);
    room.process.send({ type: 'close', roomId });
  }

  #handleOpened({ port, relayPort, ...which }: MixOpened): void {
    const room = this.#find(which);
    if (!room) return;
    room.state = { ...room.state, port, relayPort };
    room.opened.resolve();
  }

  #handleFailed({ message, isPortTaken, ...which }: MixFailed): void {
    const { roomId } = which;
    const room = this.#find(which);
    this.#logger.error({ roomId, message }, 'A mix failed');
    if (!room) return;
    if (room.state.port === 0) return room.opened.reject(new Error(message));
    if (!isPortTaken) {
      this.#failures.set(roomId, [...this.#failuresOf(roomId), performance.now()]);
      if (this.#failuresOf(roomId).length <= MAX_FAILURES) return this.#reopen(room);
    }
    this.#drop(room);
    room.mix.emit('lost');
  }

  /** In the last minute. */
  #failuresOf(roomId: string): readonly number[] {
    const since = performance.now() - FAILURES_WITHIN_MS;
    for (const [id, failures] of this.#failures) if (failures.at(-1)! < since) this.#failures.delete(id);
    return (this.#failures.get(roomId) ?? []).filter((at) => at >= since);
  }

  /** What is said of a mix that was closed meanwhile is not of the one that the room has now. */
  #find({ roomId, opening }: Pick<RoomState, 'roomId' | 'opening'>): Room | undefined {
    const room = this.#rooms.get(roomId);
    return room?.state.opening === opening ? room : undefined;
  }
}

/** Options and variables of this process, such as a test runner's or a secret, are none of the child's. */
function forkMixer(): ChildProcess {
  return fork(new URL('child/mixerChild.ts', import.meta.url), { execArgv: [], env: {} });
}

async function startAndWait(process: MixerProcess): Promise<void> {
  const abort = new AbortController();
  const ended = once(process, 'ended', abort).then(([{ error }]) => Promise.reject(error as Error));
  const ready = once(process, 'ready', abort);
  process.start();
  try {
    await Promise.race([ready, ended]);
  } finally {
    abort.abort();
  }
}
