import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { during, type Failure } from './failure.ts';
import type { Guard } from '../guard.ts';
import { Speaker } from './Speaker.ts';
import { encodeSpeech, type SpeechFrame } from '../media/speech.ts';

/** The speeches of the fixtures, taken in turn. */
export const SPEECH_FILES = ['speech.wav', 'speech-2.wav'].map(
  (name) => new URL(`../../../e2e/fixtures/${name}`, import.meta.url),
);
/** Where each further speaker of the same speech begins, in frames: nobody speaks in unison. */
const SPEECH_OFFSET_FRAMES = 137;

export interface StageOptions {
  readonly origin: string;
  readonly guard: Guard;
  /** The host included. */
  readonly speakers: number;
  /** Speakers who are not muted, the host first. */
  readonly openMics: number;
  /** False leaves the room in its backstage until `goLive()`. */
  readonly isLive: boolean;
  /** See `PeerOptions.follows`. */
  readonly follows?: boolean;
  /** What they say, taken in turn. Default: the fixtures, pauses included. */
  readonly speeches?: readonly (readonly SpeechFrame[])[];
  /** When someone on stage can no longer be heard: what is measured after that means nothing. */
  onLost(failure: Failure): void;
}

/** The room under test with everyone who speaks in it, set up through the protocol that people use. */
export class Stage {
  readonly roomId: string;
  readonly #host: Speaker;
  readonly #hostApi: ApiClient;
  readonly #speakers: Speaker[];
  readonly #openMics: number;

  private constructor(roomId: string, host: Speaker, hostApi: ApiClient, openMics: number) {
    this.roomId = roomId;
    this.#host = host;
    this.#hostApi = hostApi;
    this.#speakers = [host];
    this.#openMics = openMics;
  }

  /** Creates the room, with everyone on stage and speaking. @throws {Failure} when any of it fails; nothing is left then. */
  static async create(options: StageOptions): Promise<Stage> {
    const speeches = options.speeches ?? (await encodeSpeeches(options.speakers));
    const api = new ApiClient(options.origin);
    await during('session', async () => api.createSession('Load test host'));
    const room = await during('stage', async () =>
      api.createRoom({ title: 'Load test', speakerLimit: options.speakers }),
    );
    const host = new Speaker({ ...personOf(options, speeches, 0), api, roomId: room.id });
    const stage = new Stage(room.id, host, api, options.openMics);
    try {
      await host.enter();
      await host.speak();
      if (options.isLive) await stage.goLive();
      for (let index = 1; index < options.speakers; index++) {
        await stage.#bringUp(personOf(options, speeches, index));
      }
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** @throws {Failure} */
  async goLive(): Promise<void> {
    await during('stage', async () => this.#host.signaling.request('room:goLive'));
  }

  /** Packets sent by all so far. */
  get sent(): number {
    return this.#speakers.reduce((sum, speaker) => sum + speaker.sent, 0);
  }

  /** Frames left out because this process came too late to send them. */
  get skipped(): number {
    return this.#speakers.reduce((sum, speaker) => sum + speaker.skipped, 0);
  }

  /**
   * Mutes the open microphones in turn, one at a time and each for a while, so that someone is always heard.
   * @param everyMs from one change to the next
   * @param onChange whenever someone was muted or unmuted
   * @throws {Failure} when the server refuses; the reason of `signal` never.
   */
  async muteInTurn(everyMs: number, onChange: () => void, signal: AbortSignal): Promise<void> {
    const open = this.#speakers.slice(0, this.#openMics);
    for (let turn = 0; ; turn++) {
      const speaker = open[turn % open.length]!;
      for (const muted of [true, false]) {
        await delay(everyMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted && muted) return;
        await speaker.setMuted(muted);
        onChange();
      }
      if (signal.aborted) return;
    }
  }

  /** Ends the room, however the connections are. */
  async close(): Promise<void> {
    await this.#hostApi.endRoom(this.roomId).catch(() => undefined);
    for (const speaker of this.#speakers) speaker.close();
  }

  async #bringUp(person: ReturnType<typeof personOf>): Promise<void> {
    const api = new ApiClient(person.origin);
    const { user } = await during('session', async () => api.createSession(person.name));
    const speaker = new Speaker({ ...person, api, roomId: this.roomId });
    this.#speakers.push(speaker);
    await speaker.enter();
    await speaker.acceptInvitation(async () => this.#host.signaling.request('stage:invite', { userId: user.userId }));
    await speaker.speak();
  }
}

/** As many of the fixtures as that many speakers can say. */
export async function encodeSpeeches(speakers: number): Promise<readonly (readonly SpeechFrame[])[]> {
  return Promise.all(SPEECH_FILES.slice(0, speakers).map(async (file) => encodeSpeech(file)));
}

function personOf(
  { origin, guard, openMics, onLost, follows = false }: StageOptions,
  speeches: readonly (readonly SpeechFrame[])[],
  index: number,
) {
  const frames = speeches[index % speeches.length]!;
  const firstFrame = Math.floor(index / speeches.length) * SPEECH_OFFSET_FRAMES;
  const isOpen = index < openMics;
  return { name: `Speaker ${index + 1}`, origin, guard, isOpen, onLost, follows, speech: { frames, firstFrame } };
}
