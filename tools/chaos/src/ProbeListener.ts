import { OwnClock } from './OwnClock.ts';
import { createGuard } from '@tribune/loadtest/guard.ts';
import type { ListenerKind } from '@tribune/loadtest/hearing/kinds.ts';
import { Peer } from '@tribune/loadtest/people/Peer.ts';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { Person } from '@tribune/shared/domain.ts';
import { csrcsOf, sequenceNumberOf, timestampOf } from '@tribune/shared/rtp.ts';
import { sequenceStep, timestampStep } from '@tribune/shared/rtp/numbering.ts';
import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import { readCsrc } from '@tribune/shared/voice.ts';

/** Probes read headers and do not decrypt packets: there are many of them, beside the nodes on the same cores. */
const LIGHT: ListenerKind = { isFull: false, slow: null, seed: 0 };
const ENTER_LIMIT_MS = 30_000;
const TICKS_PER_MS = 48;
const LONGEST_PACKET_MS = 120;

const clock = new OwnClock();

/** What a listener comes to hear. */
export interface Hearing {
  readonly roomId: string;
  /** Whoever talks there without a pause. */
  readonly voiceId: number;
}

/**
 * A listener who stays through a fault as a page does, and measures the longest time without sound. A packet counts as sound when
 * it names the voice of whoever talks: what the mix sends in silence, to keep a connection alive, names nobody.
 */
export class ProbeListener {
  readonly userId: string;
  readonly name: string;
  readonly #api: ApiClient;
  readonly #peer: Peer;
  readonly #roomId: string;
  readonly #voiceId: number;
  readonly #startedMs = performance.now();
  readonly #voices = new Set<number>();
  #firstSoundMs: number | null = null;
  /** By the clock of this process. */
  #lastMs = 0;
  #lastArrivalMs = 0;
  #longestMs = 0;
  #soundMs = 0;
  /** Of sound in a packet, by the two that came last one after the other: it changes with the load of the worker. */
  #packetMs = 60;
  #sequenceNumber = 0;
  #timestamp = 0;
  #lost: string | null = null;

  private constructor(api: ApiClient, origin: string, { roomId, voiceId }: Hearing, person: Person) {
    this.#roomId = roomId;
    this.#voiceId = voiceId;
    this.userId = person.userId;
    this.name = person.name;
    this.#api = api;
    this.#peer = new Peer(
      { name: person.name, api, origin, roomId, guard: createGuard(false), kind: LIGHT, follows: true },
      {
        onAudio: (arrivalMs, packet) => this.#handleAudio(arrivalMs, packet),
        onLost: ({ reason }) => {
          this.#lost = reason;
        },
      },
    );
  }

  /** Someone with a session of their own, who is not in the room yet. @throws {ApiError} */
  static async create(origin: string, hearing: Hearing, name: string): Promise<ProbeListener> {
    const api = new ApiClient(origin);
    const { user } = await api.createSession(name);
    return new ProbeListener(api, origin, hearing, user);
  }

  /** Someone who is in the room, and is connected to its sound. @throws {Failure | ApiError} */
  static async enter(origin: string, hearing: Hearing, name: string): Promise<ProbeListener> {
    const probe = await ProbeListener.create(origin, hearing, name);
    await probe.enter();
    return probe;
  }

  /** @throws {ApiError} that says why there is no place; `QueuedError` of someone who has to wait for one */
  async askForPlace(): Promise<void> {
    await this.#api.createTicket(this.#roomId);
  }

  /** Comes in and waits for a connection to the sound. @throws {Failure} and has left then */
  async enter(): Promise<void> {
    try {
      await this.#peer.enter();
      await this.#peer.waitUntilReceiving(ENTER_LIMIT_MS);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The same person, who comes back by hand after they were sent out: not in the room yet. */
  again(origin: string, hearing: Hearing): ProbeListener {
    return new ProbeListener(this.#api, origin, hearing, this);
  }

  /** The last ticket, which is another object with each attempt to come in; null before there was one. */
  get ticket(): { readonly url: string | null } | null {
    try {
      return this.#peer.ticket;
    } catch {
      return null;
    }
  }

  /** Origin of the node that the last ticket named; null before there was one. */
  get node(): string | null {
    return this.ticket?.url ?? null;
  }

  /** Of the connection that they have now. @throws {Error} before they entered */
  get signaling(): SignalingClient {
    return this.#peer.signaling;
  }

  get isConnected(): boolean {
    return this.ticket !== null && this.#peer.signaling.connected;
  }

  /** Why they are out for good: they could neither stay nor come back, or were sent out. */
  get lost(): string | null {
    return this.#lost;
  }

  /** Sound that came so far, in ms: twice as much as time has passed, where two mixes come. */
  get soundMs(): number {
    return this.#soundMs;
  }

  /** From the creation of this listener to the first sound; null before that. */
  get timeToSoundMs(): number | null {
    return this.#firstSoundMs === null ? null : this.#firstSoundMs - this.#startedMs;
  }

  /** Measures anew from here on. */
  begin(): void {
    this.#longestMs = 0;
    this.#lastMs = clock.now();
  }

  /** Forgets which voices were named. */
  listenAnew(): void {
    this.#voices.clear();
  }

  /** The longest time without sound since `begin()`, in ms; a silence that lasts counts too. */
  get gapMs(): number {
    return Math.max(this.#longestMs, clock.now() - this.#lastMs);
  }

  /** When the last sound came, in ms of `performance.now()`. */
  get lastSoundMs(): number {
    return this.#lastArrivalMs;
  }

  /** The voices that were named since `listenAnew()`. */
  get voices(): ReadonlySet<number> {
    return this.#voices;
  }

  close(): void {
    this.#peer.close();
  }

  #handleAudio(arrivalMs: number, packet: Buffer): void {
    const voices = csrcsOf(packet).map((csrc) => readCsrc(csrc).voiceId);
    for (const voiceId of voices) this.#voices.add(voiceId);
    if (!voices.includes(this.#voiceId)) return;
    this.#countSound(packet);
    this.#firstSoundMs ??= arrivalMs;
    this.#lastArrivalMs = arrivalMs;
    const nowMs = clock.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  #countSound(packet: Buffer): void {
    const [sequenceNumber, timestamp] = [sequenceNumberOf(packet), timestampOf(packet)];
    const ms = timestampStep(this.#timestamp, timestamp) / TICKS_PER_MS;
    const isNext = sequenceStep(this.#sequenceNumber, sequenceNumber) === 1;
    if (isNext && ms > 0 && ms <= LONGEST_PACKET_MS) this.#packetMs = ms;
    this.#sequenceNumber = sequenceNumber;
    this.#timestamp = timestamp;
    this.#soundMs += this.#packetMs;
  }
}
