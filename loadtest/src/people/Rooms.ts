import { setTimeout as delay } from 'node:timers/promises';
import type { SpeechFrame } from '../media/speech.ts';
import { encodeSpeeches, Stage, type StageOptions } from './Stage.ts';

/** Rooms that are set up at the same time. */
const SETTING_UP = 4;

export interface RoomsOptions extends StageOptions {
  readonly rooms: number;
}

/** The rooms under test, each with its own speakers. */
export class Rooms {
  readonly #stages: readonly Stage[];

  private constructor(stages: readonly Stage[]) {
    this.#stages = stages;
  }

  /**
   * Creates every room, with everyone on stage and speaking.
   * @throws {Failure} when any of it fails, or the reason of `signal`; nothing is left then.
   */
  static async create({ rooms, ...options }: RoomsOptions, signal: AbortSignal): Promise<Rooms> {
    const speeches: readonly (readonly SpeechFrame[])[] = await encodeSpeeches(options.speakers);
    const stages: Stage[] = [];
    const rest = Array.from({ length: rooms }).keys();
    const setUp = async () => {
      for (const index of rest) {
        signal.throwIfAborted();
        stages[index] = await Stage.create({ speeches, ...options });
      }
    };
    const done = await Promise.allSettled(Array.from({ length: Math.min(rooms, SETTING_UP) }, setUp));
    const created = new Rooms(stages.filter(Boolean));
    const failed = done.find(({ status }) => status === 'rejected');
    if (failed?.status !== 'rejected') return created;
    await created.close();
    throw failed.reason;
  }

  /** In the order of their indexes. */
  get ids(): readonly string[] {
    return this.#stages.map(({ roomId }) => roomId);
  }

  /** Packets sent by all speakers so far. */
  get sent(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.sent, 0);
  }

  /** Frames left out because this process came too late to send them. */
  get skipped(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.skipped, 0);
  }

  /** @throws {Failure} */
  async goLive(): Promise<void> {
    await Promise.all(this.#stages.map(async (stage) => stage.goLive()));
  }

  /**
   * Mutes the open microphones of each room in turn; rooms do not do so at the same moment.
   * @param everyMs from one change in a room to the next
   * @param onChange called whenever someone was muted or unmuted
   * @throws {Failure} when the server refuses; the reason of `signal` never.
   */
  async muteInTurn(everyMs: number, onChange: () => void, signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#stages.map(async (stage, index) => {
        await delay((everyMs * index) / this.#stages.length, undefined, { signal }).catch(() => undefined);
        await stage.muteInTurn(everyMs, onChange, signal);
      }),
    );
  }

  /** Ends the rooms, however the connections are. */
  async close(): Promise<void> {
    await Promise.all(this.#stages.map(async (stage) => stage.close()));
  }
}
