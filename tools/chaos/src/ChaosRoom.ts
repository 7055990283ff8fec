import { setTimeout as sleep } from 'node:timers/promises';
import { createGuard } from '@tribune/loadtest/guard.ts';
import { Speaker } from '@tribune/loadtest/people/Speaker.ts';
import { encodeSpeech, type SpeechFrame } from '@tribune/loadtest/media/speech.ts';
import { SPEECH_FILES } from '@tribune/loadtest/people/Stage.ts';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { voiceIdOf } from '@tribune/shared/voice.ts';
import { ProbeListener, type Hearing } from './ProbeListener.ts';

const ENTER_PER_SECOND = 20;
const KNOWN_LIMIT_MS = 5000;
const KNOWN_POLL_MS = 250;
/** Speech fainter than this may count as a pause, in -dBov. */
const PAUSE_DBOV = 36;

export interface ChaosRoomOptions {
  readonly origin: string;
  readonly speeches: Speeches;
  readonly listeners: number;
  /** People in the audience whom `Activity` sends out and lets in again; nothing is measured at them. Default: none. */
  readonly guests?: number;
  /** Whether someone stands beside the host who talks too, and is muted now and then. Default: false. */
  readonly hasSpeaker?: boolean;
}

/** What people say: encoded once, for all rooms. */
export interface Speeches {
  readonly host: readonly SpeechFrame[];
  readonly speaker: readonly SpeechFrame[];
}

/** The fixtures without their pauses: a gap in the sound is the cluster's then, and not the speaker's. */
export async function encodeSpeeches(): Promise<Speeches> {
  const [host, speaker] = await Promise.all([
    encodeWithoutPauses(SPEECH_FILES[0]!),
    encodeWithoutPauses(SPEECH_FILES[1]!),
  ]);
  return { host, speaker };
}

/** A room in which the host talks without a pause, with listeners who measure what they hear. */
export class ChaosRoom {
  readonly id: string;
  readonly hearing: Hearing;
  readonly host: Speaker;
  readonly probes: ProbeListener[] = [];
  /** Those who are out at the moment included. */
  readonly guests: ProbeListener[] = [];
  readonly #hostApi: ApiClient;
  readonly #origin: string;
  readonly #failures: string[] = [];
  /** The one beside the host; null where there is none. */
  speaker: Speaker | null = null;
  speakerId = '';

  private constructor(origin: string, hearing: Hearing, hostApi: ApiClient, speech: readonly SpeechFrame[]) {
    this.#origin = origin;
    this.id = hearing.roomId;
    this.hearing = hearing;
    this.#hostApi = hostApi;
    this.host = this.#createSpeaker('Host', hostApi, speech);
  }

  /** @throws {Failure | ApiError} when the room does not come about; nothing is left then */
  static async create({
    origin,
    speeches,
    listeners,
    guests = 0,
    hasSpeaker = false,
  }: ChaosRoomOptions): Promise<ChaosRoom> {
    const api = new ApiClient(origin);
    const { user } = await api.createSession('Host');
    const { id } = await api.createRoom({ title: 'Chaos', speakerLimit: 5 });
    const room = new ChaosRoom(origin, { roomId: id, voiceId: voiceIdOf(user.userId) }, api, speeches.host);
    try {
      await room.host.enter();
      await room.host.speak();
      await room.#untilKnown(async () => room.host.signaling.request('room:goLive'));
      if (hasSpeaker) await room.#bringSpeaker(speeches.speaker);
      await room.#fill(listeners, guests);
      return room;
    } catch (error) {
      await room.close();
      throw error;
    }
  }

  /** What went wrong for good: whoever talks or listens could not stay. */
  get failures(): readonly string[] {
    const lost = this.probes.flatMap((probe) => (probe.lost === null ? [] : [`a listener is out: ${probe.lost}`]));
    return [...this.#failures, ...lost];
  }

  /** Those who are on the node with this origin. */
  probesAt(origin: string): ProbeListener[] {
    return this.probes.filter(({ node }) => node === origin);
  }

  async close(): Promise<void> {
    await this.#hostApi.endRoom(this.id).catch(() => undefined);
    for (const person of [...this.probes, ...this.guests, this.host]) person.close();
    this.speaker?.close();
  }

  async #bringSpeaker(speech: readonly SpeechFrame[]): Promise<void> {
    const api = new ApiClient(this.#origin);
    const { user } = await api.createSession('Speaker');
    this.speakerId = user.userId;
    this.speaker = this.#createSpeaker('Speaker', api, speech);
    await this.speaker.enter();
    await this.speaker.acceptInvitation(async () => this.#invite(user.userId));
    await this.speaker.speak();
  }

  async #invite(userId: string): Promise<void> {
    await this.#untilKnown(async () => this.host.signaling.request('stage:invite', { userId }));
  }

  /** The home may not know yet that someone has come in on another node, and the stage may be on its way to another. */
  async #untilKnown(request: () => Promise<unknown>): Promise<void> {
    const endMs = performance.now() + KNOWN_LIMIT_MS;
    for (;;) {
      try {
        await request();
        return;
      } catch (error) {
        const { code } = error as { code?: string };
        const isEarly = code === 'NOT_FOUND' || code === 'UNAVAILABLE';
        if (!isEarly || performance.now() > endMs) throw error;
        await sleep(KNOWN_POLL_MS);
      }
    }
  }

  async #fill(listeners: number, guests: number): Promise<void> {
    const entered = await Promise.allSettled(
      Array.from({ length: listeners + guests }, async (_, index) => {
        await sleep((index * 1000) / ENTER_PER_SECOND);
        const name = index < listeners ? `Listener ${index + 1}` : `Guest ${index - listeners + 1}`;
        return ProbeListener.enter(this.#origin, this.hearing, name);
      }),
    );
    const people = entered.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
    this.probes.push(...people.slice(0, listeners));
    this.guests.push(...people.slice(listeners));
    const refused = entered.find((it) => it.status === 'rejected');
    if (refused) throw refused.reason;
  }

  #createSpeaker(name: string, api: ApiClient, frames: readonly SpeechFrame[]): Speaker {
    return new Speaker({
      name,
      api,
      origin: this.#origin,
      roomId: this.id,
      guard: createGuard(false),
      follows: true,
      isOpen: true,
      speech: { frames, firstFrame: 0 },
      onLost: ({ reason }) => this.#failures.push(`${name} is out: ${reason}`),
    });
  }
}

async function encodeWithoutPauses(file: URL): Promise<readonly SpeechFrame[]> {
  const frames = await encodeSpeech(file);
  return frames.filter(({ payload, minusDbov }) => payload !== null && minusDbov < PAUSE_DBOV);
}
