import type { ConsumerInfo, MediaInfo, MediaOffer } from '@tribune/shared/protocol.ts';
import type { HearingRecord } from '../hearing/HearingRecord.ts';
import { Reception } from '../media/Reception.ts';
import type { DtlsParameters } from '../media/sdp.ts';
import { during, Failure } from './failure.ts';
import type { ListenerKind } from '../hearing/kinds.ts';

/** A transport that the server closes goes down before the socket brings the reason: that long its word is waited for. */
export const MEDIA_LOST_GRACE_MS = 1000;

export interface PeerReceptionOptions {
  readonly name: string;
  readonly kind: ListenerKind;
  readonly record: HearingRecord;
  /** How long the media of an offer may take to connect, in ms; asked for each offer. */
  connectTimeoutMs(): number;
  /** Asks the server to take the DTLS parameters (`transport:connect`). */
  connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<unknown>;
  /** Asks the server what there is to hear (`media:start`). */
  startMedia(): Promise<MediaInfo>;
  /** Called with every RTP packet; `arrivalMs` is of `performance.now()`. */
  onAudio?(arrivalMs: number, packet: Buffer): void;
  /** Called whenever ICE and DTLS are up. */
  onReceiving?(): void;
  /** Called when what should be heard does not connect, or is lost and nothing is there to take its place. */
  onFailed?(failure: Failure): void;
}

/**
 * What one person hears in a room, as a page does it: one reception is heard, and where the server offers something else, the next
 * one is built beside it and takes over with its first packet.
 */
export class PeerReception {
  readonly #options: PeerReceptionOptions;
  #current: Reception | null = null;
  /** The one that takes over; it has not been heard yet. */
  #next: Reception | null = null;
  #restartTimer: NodeJS.Timeout | null = null;
  /** The server has been asked for something else to hear, which it announced. */
  #isRestarting = false;
  #closed = false;

  constructor(options: PeerReceptionOptions) {
    this.#options = options;
  }

  /** That of what is heard next, or now; null where there is none. */
  get transportId(): string | null {
    return this.#newest?.transportId ?? null;
  }

  /** The word of the server on a new connection. */
  handleOffer(offer: MediaOffer): void {
    this.#cancelRestart();
    if (offer.kind === 'new') this.#open(offer);
    else if (offer.kind === 'none') this.#closeAll();
    else this.#newest?.reconcile(offer.consumers);
  }

  addConsumer(consumer: ConsumerInfo): void {
    const reception = this.#newest;
    if (!reception) return;
    const isFirst = !reception.hasStreams;
    reception.add(consumer);
    if (isFirst) this.#connect(reception);
  }

  removeConsumer(consumerId: string): void {
    this.#current?.remove(consumerId);
    this.#next?.remove(consumerId);
  }

  /** The server has something else to hear: asks for it after a random delay, which spares the server a stampede. */
  restart(withinMs: number): void {
    this.#options.record.mediaRestarts += 1;
    this.#cancelRestart();
    this.#isRestarting = true;
    this.#restartTimer = setTimeout(() => void this.#startAgain(), Math.random() * withinMs);
  }

  close(): void {
    this.#closed = true;
    this.#cancelRestart();
    this.#closeAll();
  }

  get #newest(): Reception | null {
    return this.#next ?? this.#current;
  }

  async #startAgain(): Promise<void> {
    const timer = this.#restartTimer;
    try {
      const info = await during('media', async () => this.#options.startMedia());
      // Another connection or another restart has decided meanwhile.
      if (timer !== this.#restartTimer) return;
      this.#cancelRestart();
      this.#open(info);
    } catch (error) {
      if (timer !== this.#restartTimer) return;
      this.#cancelRestart();
      if (!this.#closed) this.#options.onFailed?.(Failure.from('media', error));
    }
  }

  #cancelRestart(): void {
    if (this.#restartTimer) clearTimeout(this.#restartTimer);
    this.#restartTimer = null;
    this.#isRestarting = false;
  }

  #open(info: MediaInfo): void {
    if (this.#closed) return;
    this.#next?.close();
    this.#next = null;
    // What does not play any more is not worth keeping.
    if (!this.#current?.connected) this.#closeAll();
    const { name, kind, record, connectTransport } = this.#options;
    const reception: Reception = new Reception(
      name,
      info,
      {
        connectTransport,
        onAudio: (arrivalMs, packet) => {
          if (reception === this.#next) this.#takeOver();
          this.#options.onAudio?.(arrivalMs, packet);
        },
        onLost: () => this.#handleLost(reception),
      },
      kind,
      record,
    );
    if (this.#current) this.#next = reception;
    else this.#current = reception;
    if (reception.hasStreams) this.#connect(reception);
  }

  #connect(reception: Reception): void {
    during('media', async () => reception.connect(this.#options.connectTimeoutMs())).then(
      () => reception === this.#newest && this.#options.onReceiving?.(),
      (failure: Failure) => {
        if (reception !== this.#newest || this.#closed) return;
        if (reception === this.#next) this.#next = null;
        reception.close();
        this.#options.onFailed?.(failure);
      },
    );
  }

  #takeOver(): void {
    this.#current?.close();
    this.#current = this.#next;
    this.#next = null;
  }

  #handleLost(reception: Reception): void {
    if (reception === this.#current && this.#next) return this.#takeOver();
    const timer = setTimeout(() => {
      if (reception !== this.#newest || this.#isRestarting) return;
      this.#options.onFailed?.(new Failure('media:lost'));
    }, MEDIA_LOST_GRACE_MS);
    timer.unref();
  }

  #closeAll(): void {
    this.#current?.close();
    this.#next?.close();
    this.#current = this.#next = null;
  }
}
