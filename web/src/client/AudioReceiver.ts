import type { ConsumerInfo, MediaInfo, MediaOffer } from '@tribune/shared/protocol.ts';
import { AwaitQueue } from 'awaitqueue';
import type { Consumer, RtpParameters, Transport } from 'mediasoup-client/types';
import type { AudioOutput } from './AudioOutput.ts';
import { Backoff } from './Backoff.ts';
import { createTransport, type MediaContext } from './mediaContext.ts';
import type { SpeakingMonitor } from './SpeakingMonitor.ts';
import { TransportGuard } from './TransportGuard.ts';

interface ReceiverOptions {
  readonly context: MediaContext;
  readonly output: AudioOutput;
  readonly monitor: SpeakingMonitor;
}

/**
 * Everything heard: the receiving transport and its consumers, each of which plays in the one output and is watched by the
 * monitor. All work goes through one queue, in the order in which the server spoke.
 */
export class AudioReceiver {
  readonly #context: MediaContext;
  readonly #output: AudioOutput;
  readonly #monitor: SpeakingMonitor;
  readonly #queue = new AwaitQueue();
  readonly #consumers = new Map<string, Consumer>();
  readonly #retry = new Backoff(() => this.#rebuild());
  #transport: Transport | null = null;
  #guard: TransportGuard | null = null;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor({ context, output, monitor }: ReceiverOptions) {
    this.#context = context;
    this.#output = output;
    this.#monitor = monitor;
  }

  get transport(): Transport | null {
    return this.#transport;
  }

  /** The word of the server on a new connection, which overrules whatever was planned. */
  handleOffer(offer: MediaOffer): void {
    clearTimeout(this.#restartTimer);
    this.#retry.cancel();
    this.#enqueue(async () => {
      if (offer.kind === 'none') this.#closeTransport();
      else if (offer.kind === 'new') await this.#open(offer);
      else if (this.#transport) await this.#reconcile(offer.consumers);
      else await this.#open(await this.#context.request('media:start'));
    });
  }

  /** @param ack tells the server that the stream may flow. */
  handleConsumerCreated(info: ConsumerInfo, ack: () => void): void {
    this.#enqueue(async () => {
      await this.#consume(info);
      ack();
    });
  }

  handleConsumerClosed(consumerId: string): void {
    this.#enqueue(() => this.#closeConsumer(consumerId));
  }

  /** The media there was is gone, or there is media at last: asks for it after a delay that spreads the crowd. */
  handleRestart(withinMs: number): void {
    clearTimeout(this.#restartTimer);
    this.#retry.cancel();
    this.#restartTimer = setTimeout(() => this.#rebuild(), Math.random() * withinMs);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.#retry.reset();
    this.#queue.stop();
    this.#closeTransport();
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

  async #open({ recv, consumers }: MediaInfo): Promise<void> {
    if (this.#closed) return;
    this.#closeTransport();
    const transport = createTransport(this.#context, 'recv', recv);
    this.#transport = transport;
    this.#guard = new TransportGuard(transport, this.#context, () => this.#retry.schedule());
    transport.on('connectionstatechange', (state) => {
      if (state === 'connected') this.#retry.reset();
    });
    await Promise.all(consumers.map((info) => this.#consume(info)));
  }

  async #reconcile(consumers: readonly ConsumerInfo[]): Promise<void> {
    const listed = new Set(consumers.map(({ id }) => id));
    for (const id of [...this.#consumers.keys()]) if (!listed.has(id)) this.#closeConsumer(id);
    await Promise.all(consumers.map((info) => this.#consume(info)));
    this.#guard?.check();
  }

  async #consume({ id, producerId, userId, rtpParameters }: ConsumerInfo): Promise<void> {
    const transport = this.#transport;
    if (this.#closed || this.#consumers.has(id)) return;
    // Announced before the transport that is asked for right now: its answer has the full list.
    if (!transport || [...this.#consumers.values()].some((consumer) => consumer.producerId === producerId)) return;
    // The server's mediasoup names a few extensions more than the client's; what is in use, both know.
    const known = rtpParameters as RtpParameters;
    const consumer = await transport.consume({ id, producerId, kind: 'audio', rtpParameters: known });
    if (this.#transport !== transport) return;
    this.#consumers.set(id, consumer);
    this.#output.add(consumer.track);
    if (consumer.rtpReceiver && userId !== null) this.#monitor.addSource(id, userId, consumer.rtpReceiver);
  }

  #closeConsumer(id: string): void {
    const consumer = this.#consumers.get(id);
    if (!consumer) return;
    this.#consumers.delete(id);
    this.#monitor.removeSource(id);
    this.#output.remove(consumer.track);
    consumer.close();
  }

  #closeTransport(): void {
    for (const id of [...this.#consumers.keys()]) this.#closeConsumer(id);
    this.#guard?.close();
    this.#guard = null;
    this.#transport?.close();
    this.#transport = null;
  }
}
