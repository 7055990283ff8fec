import type { RoomSound } from '@tribune/shared/domain.ts';
import { AwaitQueue } from 'awaitqueue';
import type { Producer, ProducerCodecOptions, Transport } from 'mediasoup-client/types';
import { Backoff } from '../media/Backoff.ts';
import { isRefusal, type MediaContext } from '../media/mediaContext.ts';
import { createTransport, TransportGuard } from '../media/TransportGuard.ts';

/**
 * Of speech, nothing is sent in silence, one lost packet is mended by the next, and 32 kbit/s of mono is transparent. Music has no silence
 * that may be left out, and no repair; mono is transparent at 96 kbit/s.
 */
const CODEC_OPTIONS: Readonly<Record<RoomSound, ProducerCodecOptions>> = {
  speech: { opusDtx: true, opusFec: true, opusStereo: false, opusMaxAverageBitrate: 32_000 },
  music: { opusDtx: false, opusFec: false, opusStereo: false, opusMaxAverageBitrate: 96_000 },
};

/** The other side is connected and has filled its buffers by then, or the old way is of no use. */
const RETIRE_AFTER_MS = 3000;

interface SenderOptions {
  readonly context: MediaContext;
  /** What the room is made for. */
  readonly sound: () => RoomSound;
  /** Published again after the server had lost it. */
  readonly onRepublished: () => void;
  /** The server will not have it any more. */
  readonly onRefused: () => void;
}

/** The sending transport with its one producer: publishes a track, and publishes it again for as long as it is wanted. */
export class Sender {
  readonly #context: MediaContext;
  readonly #sound: () => RoomSound;
  readonly #onRepublished: () => void;
  readonly #onRefused: () => void;
  readonly #queue = new AwaitQueue();
  readonly #retry = new Backoff(() => this.republish());
  #wanted: MediaStreamTrack | null = null;
  #transport: Transport | null = null;
  #producer: Producer | null = null;
  #guard: TransportGuard | null = null;
  /** The one before, for a moment. */
  #retiring: Transport | null = null;

  constructor({ context, sound, onRepublished, onRefused }: SenderOptions) {
    this.#context = context;
    this.#sound = sound;
    this.#onRepublished = onRepublished;
    this.#onRefused = onRefused;
  }

  get transport(): Transport | null {
    return this.#transport;
  }

  get producerId(): string | null {
    return this.#producer?.id ?? null;
  }

  /** Sends the track until `stop()`. The caller keeps the track, and enables and disables it. */
  async publish(track: MediaStreamTrack): Promise<void> {
    this.#wanted = track;
    try {
      await this.#queue.push(() => this.#build());
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    this.#wanted = track;
    await this.#queue.push(() => this.#producer?.replaceTrack({ track }));
  }

  /**
   * After a reconnection, and when the server's media start anew: mends what is there, or publishes again what is not.
   * @param doubted asks even though the transport looks connected here, since its other end may be gone.
   */
  check({ doubted }: { doubted: boolean }): void {
    if (!this.#producer) this.republish();
    else if (doubted) this.#guard?.restartIce();
    else this.#guard?.check();
  }

  /** Builds everything anew, if a track is wanted. */
  republish(): void {
    this.#retry.cancel();
    if (!this.#wanted) return;
    this.#queue
      .push(() => this.#build())
      .then(
        () => {
          if (this.#producer) this.#onRepublished();
        },
        (error: unknown) => this.#handleFailure(error),
      );
  }

  /** The server has closed the producer. */
  drop(): void {
    this.#closeTransport();
  }

  stop(): void {
    this.#wanted = null;
    this.#retry.reset();
    this.#closeTransport();
  }

  #handleFailure(error: unknown): void {
    if (!this.#wanted) return;
    if (isRefusal(error)) {
      this.stop();
      this.#onRefused();
    } else if (this.#context.isConnected()) this.#retry.schedule();
  }

  async #build(): Promise<void> {
    // The server closes the producer before when it makes another transport: that is no loss.
    this.#producer = null;
    this.#guard?.close();
    this.#guard = null;
    const info = await this.#context.request('transport:create');
    if (!this.#wanted) return;
    this.#retireTransport();
    const transport = createTransport(this.#context, 'send', info);
    this.#transport = transport;
    this.#guard = new TransportGuard(transport, this.#context, () => this.republish());
    transport.on('produce', ({ rtpParameters }, done, fail) => {
      this.#context
        .request('producer:create', { transportId: info.id, rtpParameters })
        .then(({ producerId }) => done({ id: producerId }), fail);
    });
    transport.on('connectionstatechange', (state) => {
      if (state === 'connected') this.#retry.reset();
    });
    const producer = await transport.produce({
      track: this.#wanted,
      codecOptions: CODEC_OPTIONS[this.#sound()],
      stopTracks: false,
      disableTrackOnPause: false,
    });
    if (this.#transport !== transport) return producer.close();
    this.#producer = producer;
    // Another device was chosen while this was being built.
    if (this.#wanted && this.#wanted !== producer.track) await producer.replaceTrack({ track: this.#wanted });
  }

  /** The stage may have moved to another node: what is sent the old way is heard until the new way is open. */
  #retireTransport(): void {
    const before = this.#transport;
    this.#transport = null;
    this.#retiring?.close();
    this.#retiring = before;
    setTimeout(() => before?.close(), RETIRE_AFTER_MS);
  }

  #closeTransport(): void {
    this.#retiring?.close();
    this.#retiring = null;
    this.#guard?.close();
    this.#guard = null;
    this.#producer = null;
    this.#transport?.close();
    this.#transport = null;
  }
}
