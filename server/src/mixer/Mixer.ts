import { fork, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { MixerCommand, MixerReport, MixerUsage, MixOutput, MixSource, RoomState } from './mixerMessages.ts';
import type { VoiceSettings } from './Voice.ts';

/** A process that lived less than this is not replaced at once: something is wrong with the machine, not with a room. */
const EARLY_DEATH_MS = 2000;
const RESPAWN_DELAY_MS = 500;
/** A port and an encoder take milliseconds; a process that was just replaced, a second. */
const OPEN_TIMEOUT_MS = 5000;
/** A second each: so many without an answer, and the process hangs. */
const MAX_UNANSWERED = 4;
/** It answers within a tick or two. */
const USAGE_TIMEOUT_MS = 1000;

export type MixerConfig = Pick<Config, 'MIX_PACKET_MS' | 'MIX_BITRATE'>;
/** A voice that is sent to a mix. */
export type MixSpeaker = VoiceSettings;

export interface MixPlan {
  readonly epoch: number | null;
  readonly nodes: readonly { address: string; port: number }[];
}

/** The mix of one room. */
export interface RoomMix {
  /** UDP port on 127.0.0.1 that takes the speakers' RTP, and that the mix is sent from. Stays the same for good. */
  readonly port: number;
  /** Of the mix. Stays the same for good. */
  readonly ssrc: number;
  /** The whole list each time. Who is not in it, or is muted, is not in the mix, whatever they send. */
  setSpeakers(speakers: readonly MixSpeaker[]): void;
  /**
   * What it sends is mixed here, or elsewhere and only passed on: to those who receive it, it is one stream all the time. The
   * second is heard until someone speaks in the first.
   */
  setSources(sources: readonly MixSource[]): void;
  /** Where the mix goes: the whole list each time. */
  setOutputs(outputs: readonly MixOutput[]): void;
  close(): void;
}

type Opening = Pick<RoomState, 'roomId' | 'opening'>;

interface Room {
  state: RoomState;
  readonly opened: PromiseWithResolvers<void>;
}

/** The mixer process of this node: one child, many rooms; started again at once when it dies, with every room as it was. */
export class Mixer extends EventEmitter<{ restarted: [] }> {
  readonly #config: MixerConfig;
  readonly #logger: Logger;
  readonly #rooms = new Map<string, Room>();
  readonly #started = Promise.withResolvers<void>();
  #child: ChildProcess;
  #bornAt = 0;
  #isReplacement = false;
  #asked: PromiseWithResolvers<MixerUsage> | null = null;
  #usage: MixerUsage = { cpuSeconds: 0, rssBytes: 0, ticks: 0, lateTicks: 0, rooms: 0, speakers: 0 };
  #openings = 0;
  #unanswered = 0;
  readonly #watch = setInterval(() => this.#checkAlive(), 1000);
  #closed = false;

  private constructor(config: MixerConfig, logger: Logger) {
    super();
    this.#config = config;
    this.#logger = logger.child({ component: 'Mixer' });
    this.#child = this.#spawn();
  }

  /** Resolves once the process is ready. @throws {Error} when it ends before */
  static async create({ config, logger }: { config: MixerConfig; logger: Logger }): Promise<Mixer> {
    const mixer = new Mixer(config, logger);
    try {
      await mixer.#started.promise;
    } catch (error) {
      mixer.close();
      throw error;
    }
    return mixer;
  }

  /** Of the process that mixes now. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Opens the mix of a room. @throws {Error} when no port can be had, or the process does not answer */
  async openRoom(roomId: string): Promise<RoomMix> {
    if (this.#closed) throw new Error('The mixer is closed');
    if (this.#rooms.has(roomId)) throw new Error('The room has a mix');
    const { MIX_PACKET_MS: packetMs, MIX_BITRATE: bitrate } = this.#config;
    const opening = ++this.#openings;
    const state = {
      roomId,
      opening,
      port: 0,
      ssrc: randomInt(1, 0x1_0000_0000),
      packetMs,
      bitrate,
      sources: [{ kind: 'mix' }] as const,
      speakers: [],
      outputs: [],
    };
    const room: Room = { state, opened: Promise.withResolvers() };
    this.#rooms.set(roomId, room);
    this.#send({ type: 'room', room: state });
    const timer = setTimeout(() => room.opened.reject(new Error('The mixer does not answer')), OPEN_TIMEOUT_MS);
    try {
      await room.opened.promise;
    } catch (error) {
      if (this.#rooms.get(roomId) === room) this.#drop(roomId);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return this.#createMix(room);
  }

  /** Of the process that runs now; of the last one, or as of the last answer, where there is none within a second. */
  async getUsage(): Promise<MixerUsage> {
    if (!this.#child.connected) return this.#usage;
    if (!this.#asked) {
      this.#asked = Promise.withResolvers();
      setTimeout(() => this.#answer(), USAGE_TIMEOUT_MS).unref();
      this.#send({ type: 'usage' });
    }
    return this.#asked.promise;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#child.kill('SIGKILL');
    this.#answer();
    for (const { opened } of this.#rooms.values()) opened.reject(new Error('The mixer is closed'));
    this.#rooms.clear();
  }

  #createMix(room: Room): RoomMix {
    const { port, ssrc, roomId } = room.state;
    const update = (change: Partial<RoomState>) => {
      if (this.#rooms.get(roomId) !== room) return;
      room.state = { ...room.state, ...change };
      this.#send({ type: 'room', room: room.state });
    };
    return {
      port,
      ssrc,
      setSpeakers: (speakers) => update({ speakers }),
      setSources: (sources) => update({ sources }),
      setOutputs: (outputs) => update({ outputs }),
      close: () => {
        if (this.#rooms.get(roomId) !== room) return;
        this.#drop(roomId);
      },
    };
  }

  #drop(roomId: string): void {
    this.#rooms.delete(roomId);
    this.#send({ type: 'close', roomId });
  }

  #spawn(): ChildProcess {
    // Options and variables of this process, such as a test runner's or a secret, are none of the child's.
    const child = fork(new URL('mixerChild.ts', import.meta.url), { execArgv: [], env: {} });
    this.#bornAt = Date.now();
    child.on('message', (message) => this.#handleReport(message as MixerReport));
    child.on('error', (error) => this.#logger.error({ err: error }, 'Mixer could not be reached'));
    child.once('exit', (code, signal) => this.#handleExit(code, signal));
    return child;
  }

  /** Asked once a second, and not timed by the clock: when the whole machine stood still, its mixer is not to blame. */
  #checkAlive(): void {
    if (!this.#child.connected) return;
    if (++this.#unanswered > MAX_UNANSWERED) {
      this.#logger.error({ pid: this.#child.pid }, 'Mixer hangs');
      this.#child.kill('SIGKILL');
    } else this.#send({ type: 'usage' });
  }

  #handleReport(report: MixerReport): void {
    this.#unanswered = 0;
    switch (report.type) {
      case 'ready':
        if (this.#isReplacement) this.emit('restarted');
        this.#started.resolve();
        return;
      case 'usage':
        this.#usage = report.usage;
        this.#answer();
        return;
      case 'open':
        this.#handleOpen(report, report.port);
        return;
      case 'failed':
        this.#handleFailure(report, report.message);
    }
  }

  #handleOpen(which: Opening, port: number): void {
    const room = this.#find(which);
    if (!room) return;
    room.state = { ...room.state, port };
    room.opened.resolve();
  }

  #handleFailure(which: Opening, message: string): void {
    const { roomId } = which;
    const room = this.#find(which);
    this.#logger.error({ roomId, message }, 'Mix could not be opened');
    if (!room) return;
    room.opened.reject(new Error(message));
    if (room.state.port === 0) this.#rooms.delete(roomId);
    else this.#send({ type: 'room', room: room.state });
  }

  /** What is said of a mix that was closed meanwhile is not of the one that the room has now. */
  #find({ roomId, opening }: Opening): Room | undefined {
    const room = this.#rooms.get(roomId);
    return room?.state.opening === opening ? room : undefined;
  }

  #handleExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#answer();
    if (this.#closed) return;
    this.#started.reject(new Error(`The mixer ended (${signal ?? `exit code ${code}`})`));
    this.#logger.error({ code, signal }, 'Mixer died');
    void this.#respawn(Date.now() - this.#bornAt < EARLY_DEATH_MS ? RESPAWN_DELAY_MS : 0);
  }

  async #respawn(delayMs: number): Promise<void> {
    if (delayMs > 0) await sleep(delayMs);
    if (this.#closed) return;
    this.#unanswered = 0;
    this.#child = this.#spawn();
    this.#isReplacement = true;
    for (const { state } of this.#rooms.values()) this.#send({ type: 'room', room: state });
    this.#logger.info({ pid: this.#child.pid }, 'Mixer replaced');
  }

  #answer(): void {
    this.#asked?.resolve(this.#usage);
    this.#asked = null;
  }

  #send(command: MixerCommand): void {
    // A process that is gone is told everything again by its successor's first messages.
    if (this.#child.connected) this.#child.send(command, () => undefined);
  }
}
