import { setTimeout as sleep } from 'node:timers/promises';
import { findBox } from '@tribune/server/broadcast/boxes.ts';
import { SAMPLE_MS } from '@tribune/server/broadcast/segment.ts';
import { SILENT_PACKET } from '@tribune/server/broadcast/silence.ts';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { ReplayInfo } from '@tribune/shared/recordings.ts';
import type { ChaosRoom } from './ChaosRoom.ts';

const LIMIT_MS = 15_000;
const POLL_MS = 200;
/** More than is lost between the word of the host and its coming into force, at both ends. */
const SAME_LENGTH_MS = 2500;

/** A recording that can be heard, of a room in which somebody talks all the time. */
export interface HeardReplay {
  /** The longest time in it without sound. */
  readonly silenceMs: number;
  /** Of that, what it does not say that it is missing. */
  readonly unmarkedMs: number;
}

/** Has a room recorded, and looks at what has become of it. */
export class RoomRecorder {
  readonly #room: ChaosRoom;
  readonly #startedMs = performance.now();
  #toldMs: number | null = null;

  private constructor(room: ChaosRoom) {
    this.#room = room;
    room.host.signaling.on('recording:lost', () => {
      this.#toldMs ??= performance.now();
    });
  }

  /** @throws {Error} when nothing is recorded */
  static async start(room: ChaosRoom, origin: string): Promise<RoomRecorder> {
    await room.host.signaling.request('recording:start');
    const recorder = new RoomRecorder(room);
    await until('The room is not recorded', async () => {
      const found = await new ApiClient(origin).getRecording(room.id).catch(() => null);
      return found?.state === 'recording' ? found : null;
    });
    return recorder;
  }

  /** What the host is told from here on counts. */
  listen(): void {
    this.#toldMs = null;
  }

  /** How long after this moment the host was told that something is not kept; the limit where nobody did. */
  async toldAfterMs(fromMs: number): Promise<number> {
    await until('', async () => this.#toldMs).catch(() => undefined);
    return (this.#toldMs ?? fromMs + LIMIT_MS) - fromMs;
  }

  /** Ends the recording. @throws {Error} where it cannot be heard then, or is not as long as it was to be */
  async finish(origin: string): Promise<HeardReplay> {
    await until('The recording cannot be ended', async () =>
      this.#room.host.signaling.request('recording:stop').then(
        () => true,
        () => null,
      ),
    );
    const lengthMs = performance.now() - this.#startedMs;
    const replay = await until('The recording cannot be heard', async () => {
      const found = await new ApiClient(origin).getRecording(this.#room.id).catch(() => null);
      return found?.replay ?? null;
    });
    if (Math.abs(replay.durationMs - lengthMs) > SAME_LENGTH_MS)
      throw new Error(`${Math.round(lengthMs)} ms were recorded, and the replay has ${replay.durationMs} ms`);
    const response = await fetch(origin + replay.audio);
    if (!response.ok) throw new Error(`The replay answers ${response.status}`);
    return hear(replay, Buffer.from(await response.arrayBuffer()));
  }
}

function hear({ gaps }: ReplayInfo, file: Buffer): HeardReplay {
  const sizes = findBox(file, 'moov/trak/mdia/minf/stbl/stsz')!.content;
  const isMarked = (ms: number) => gaps.some(({ fromMs, toMs }) => fromMs < ms + SAMPLE_MS && ms < toMs);
  let [silent, unmarked, longest, longestUnmarked] = [0, 0, 0, 0];
  for (let n = 0; n < sizes.readUInt32BE(8); n++) {
    const isSilent = sizes.readUInt32BE(12 + 4 * n) === SILENT_PACKET.length;
    silent = isSilent ? silent + 1 : 0;
    unmarked = isSilent && !isMarked(n * SAMPLE_MS) ? unmarked + 1 : 0;
    longest = Math.max(longest, silent);
    longestUnmarked = Math.max(longestUnmarked, unmarked);
  }
  return { silenceMs: longest * SAMPLE_MS, unmarkedMs: longestUnmarked * SAMPLE_MS };
}

async function until<T>(problem: string, find: () => Promise<T | null>): Promise<T> {
  const endMs = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    if (performance.now() > endMs) throw new Error(problem);
    await sleep(POLL_MS);
  }
}
