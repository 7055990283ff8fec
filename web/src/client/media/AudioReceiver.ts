import type { ConsumerInfo, MediaInfo, MediaOffer } from '@tribune/shared/protocol.ts';
import { AwaitQueue } from 'awaitqueue';
import type { Transport } from 'mediasoup-client/types';
import type { AudioOutput } from './AudioOutput.ts';
import { Backoff } from './Backoff.ts';
import type { RoomEvents } from '../RoomEvents.ts';
import type { MediaContext } from './mediaContext.ts';
import { Reception } from './Reception.ts';
import type { SpeakingMonitor } from './SpeakingMonitor.ts';

/** A mix that brings nothing for so long is lost: it sends something each 0.4 s, also in silence. */
const LOST_MS = 1000;
const SOUND_POLL_MS = 20;
/** The server ends the old transport half a second after the new one is connected: where nobody speaks, it is left before that. */
const SOUND_WAIT_MS = 400;

interface ReceiverOptions {
  readonly context: MediaContext;
  readonly output: AudioOutput;
  readonly monitor: SpeakingMonitor;
  readonly events: RoomEvents;
  /** So late a mix begins to play that comes now; null is as soon as it can. */
  readonly startDelayMs: () => number | null;
}

/**
 * Everything heard. One reception plays; where the server has something else to hear, the next one is built beside it, and takes
 * over when it has sound. All work goes through one queue, in the order in which the server spoke.
 */
export class AudioReceiver {
  readonly #context: MediaContext;
  readonly #output: AudioOutput;
  readonly #monitor: SpeakingMonitor;
  readonly #startDelayMs: () => number | null;
  readonly #queue = new AwaitQueue();
  readonly #retry = new Backoff(() => this.#rebuild());
  #current: Reception | null = null;
  /** Not heard yet. */
  #next: Reception | null = null;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #soundTimer: ReturnType<typeof setInterval> | undefined;
  /** There was nothing to hear when the server last spoke. */
  #isIdle = false;
  #closed = false;

  constructor({ context, output, monitor, events, startDelayMs }: ReceiverOptions) {
    this.#startDelayMs = startDelayMs;
    this.#context = context;
    this.#output = output;
    this.#monitor = monitor;
    events.on('media:restart', ({ withinMs }) => this.#handleRestart(withinMs));
    events.on('consumer:created', (info, ack) => this.#handleConsumerCreated(info, ack));
    events.on('consumer:closed', ({ consumerId }) => this.#handleConsumerClosed(consumerId));
  }

  get transport(): Transport | null {
    return this.#current?.transport ?? null;
  }

  /** That of what is heard next, or now. */
  get newestTransport(): Transport | null {
    return this.#newest?.transport ?? null;
  }

  /** Is there something to hear, and no way for it yet? */
  get isConnecting(): boolean {
    return this.#current?.isConnecting ?? false;
  }

  /** `idle`: there is nothing to hear. `connecting`: there is, or soon will be, and no way for it yet. `open`: what there is comes. */
  get path(): 'idle' | 'connecting' | 'open' {
    if (this.#isIdle) return 'idle';
    if (!this.#current?.isConnected) return 'connecting';
    return (this.#current.mixClock?.silentMs ?? 0) > LOST_MS ? 'connecting' : 'open';
  }

  /** What plays, for those who have to know which moment it is that one hears. */
  get current(): Reception | null {
    return this.#current;
  }

  /** The word of the server on a new connection, which overrules whatever was planned. */
  handleOffer(offer: MediaOffer): void {
    clearTimeout(this.#restartTimer);
    this.#retry.cancel();
    this.#isIdle = offer.kind === 'none';
    this.#enqueue(async () => {
      if (offer.kind === 'none') this.#closeAll();
      else if (offer.kind === 'new') await this.#open(offer);
      else if (this.#newest) await this.#newest.reconcile(offer.consumers);
      else await this.#open(await this.#context.request('media:start'));
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.#retry.reset();
    this.#queue.stop();
    this.#closeAll();
  }

  /** @param ack tells the server that the stream may flow. */
  #handleConsumerCreated(info: ConsumerInfo, ack?: () => void): void {
    this.#enqueue(async () => {
      await this.#newest?.consume(info);
      ack?.();
    });
  }

  #handleConsumerClosed(consumerId: string): void {
    this.#enqueue(() => [this.#current, this.#next].find((it) => it?.has(consumerId))?.remove(consumerId));
  }

  /** There is something else to hear, or something at last: asks for it after a delay that spreads the crowd. */
  #handleRestart(withinMs: number): void {
    clearTimeout(this.#restartTimer);
    this.#retry.cancel();
    this.#isIdle = false;
    this.#restartTimer = setTimeout(() => this.#rebuild(), Math.random() * withinMs);
  }

  #enqueue(task: () => void | Promise<void>): void {
    this.#queue.push(task).catch(() => {
      // Half-built media is of no use: start over, soon; where signalling is down, the next welcome brings an offer.
      if (!this.#closed && this.#context.isConnected()) this.#retry.schedule();
    });
  }

  #rebuild(): void {
    if (this.#closed || !this.#context.isConnected()) return;
    this.#enqueue(async () => this.#open(await this.#context.request('media:start')));
  }

  get #newest(): Reception | null {
    return this.#next ?? this.#current;
  }

  async #open({ recv, consumers }: MediaInfo): Promise<void> {
    if (this.#closed) return;
    this.#closeNext();
    // What does not play any more is not worth keeping.
    if (!this.#current?.isConnected) this.#closeAll();
    const reception: Reception = new Reception(recv, {
      ...{ context: this.#context, output: this.#output, monitor: this.#monitor, delayMs: this.#startDelayMs() },
      onConnected: () => this.#handleConnected(reception),
      onLost: () => this.#handleLost(reception),
    });
    if (this.#current) {
      this.#next = reception;
    } else {
      this.#current = reception;
      reception.play();
    }
    await Promise.all(consumers.map((info) => reception.consume(info)));
  }

  #handleConnected(reception: Reception): void {
    this.#retry.reset();
    if (reception !== this.#next) return;
    const sinceMs = performance.now();
    clearInterval(this.#soundTimer);
    this.#soundTimer = setInterval(() => {
      if (reception.hasSound || performance.now() - sinceMs >= SOUND_WAIT_MS) this.#takeOver();
    }, SOUND_POLL_MS);
  }

  /** The next one is heard from here on: first in, then the other out, so that the output never runs dry. */
  #takeOver(): void {
    clearInterval(this.#soundTimer);
    const before = this.#current;
    if (!this.#next) return;
    this.#current = this.#next;
    this.#next = null;
    this.#current.play();
    before?.close();
  }

  #handleLost(reception: Reception): void {
    // Whoever is left behind by one that was to take over goes on with what there is, and tries again.
    if (reception === this.#next) this.#closeNext();
    else if (reception !== this.#current) return;
    // The other may be on its way already.
    if (!this.#next) this.#retry.schedule();
  }

  #closeNext(): void {
    clearInterval(this.#soundTimer);
    this.#next?.close();
    this.#next = null;
  }

  #closeAll(): void {
    this.#closeNext();
    this.#current?.close();
    this.#current = null;
  }
}
