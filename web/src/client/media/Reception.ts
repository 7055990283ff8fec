import type { ConsumerInfo, TransportInfo } from '@tribune/shared/protocol.ts';
import type { Consumer, RtpParameters, Transport } from 'mediasoup-client/types';
import type { AudioOutput } from './AudioOutput.ts';
import type { MediaContext } from './mediaContext.ts';
import { MixClock } from './MixClock.ts';
import type { SpeakingMonitor } from './SpeakingMonitor.ts';
import { createTransport, TransportGuard } from './TransportGuard.ts';

interface ReceptionOptions {
  readonly context: MediaContext;
  readonly output: AudioOutput;
  readonly monitor: SpeakingMonitor;
  readonly onConnected: () => void;
  /** Once, when it is down and cannot be mended. */
  readonly onLost: () => void;
  /** So late the mix begins to play. */
  readonly delayMs: number | null;
}

/** One receiving transport with its streams. Nothing of it is heard before `play()`. */
export class Reception {
  readonly transport: Transport;
  readonly #output: AudioOutput;
  readonly #monitor: SpeakingMonitor;
  readonly #guard: TransportGuard;
  readonly #delayMs: number | null;
  readonly #streams = new Map<string, { readonly userId: string | null; readonly consumer: Consumer }>();
  #playing = false;
  #closed = false;

  constructor(info: TransportInfo, { context, output, monitor, onConnected, onLost, delayMs }: ReceptionOptions) {
    this.#output = output;
    this.#delayMs = delayMs;
    this.#monitor = monitor;
    this.transport = createTransport(context, 'recv', info);
    this.#guard = new TransportGuard(this.transport, context, onLost);
    this.transport.on('connectionstatechange', (state) => {
      if (state === 'connected') onConnected();
    });
  }

  get isConnected(): boolean {
    return !this.#closed && this.transport.connectionState === 'connected';
  }

  /** Has it streams, and no way to the server yet? */
  get isConnecting(): boolean {
    return this.#streams.size > 0 && this.transport.connectionState !== 'connected';
  }

  /** Has any stream brought something? */
  get hasSound(): boolean {
    return [...this.#streams.values()].some(
      ({ consumer }) => (consumer.rtpReceiver?.getSynchronizationSources().length ?? 0) > 0,
    );
  }

  /** Of the mix; null where there is none, as for those on stage. */
  get mixClock(): MixClock | null {
    const mix = [...this.#streams.values()].find(({ userId }) => userId === null);
    return mix?.consumer.rtpReceiver ? new MixClock(mix.consumer.rtpReceiver) : null;
  }

  has(consumerId: string): boolean {
    return this.#streams.has(consumerId);
  }

  async consume({ id, producerId, userId, rtpParameters }: ConsumerInfo): Promise<void> {
    const known = [...this.#streams.values()].some(({ consumer }) => consumer.producerId === producerId);
    // Announced while the list was on its way that has it too.
    if (this.#closed || known) return;
    // The server's mediasoup names a few extensions more than the client's; what is in use, both know.
    const parameters = rtpParameters as RtpParameters;
    const consumer = await this.transport.consume({ id, producerId, kind: 'audio', rtpParameters: parameters });
    if (this.#closed) return;
    this.#streams.set(id, { userId, consumer });
    // Before the first packet: the browser waits for half of it to begin with, and slows down for the rest.
    if (this.#delayMs !== null) this.mixClock?.delay(2 * this.#delayMs);
    if (this.#playing) this.#start(id);
  }

  remove(consumerId: string): void {
    const consumer = this.#streams.get(consumerId)?.consumer;
    if (!consumer) return;
    this.#streams.delete(consumerId);
    this.#monitor.removeSource(consumerId);
    this.#output.remove(consumer.track);
    consumer.close();
  }

  /** The streams are those that the server lists, from here on. */
  async reconcile(consumers: readonly ConsumerInfo[]): Promise<void> {
    const listed = new Set(consumers.map(({ id }) => id));
    for (const id of [...this.#streams.keys()]) if (!listed.has(id)) this.remove(id);
    await Promise.all(consumers.map((info) => this.consume(info)));
    this.#guard.check();
  }

  play(): void {
    if (this.#playing || this.#closed) return;
    this.#playing = true;
    for (const id of this.#streams.keys()) this.#start(id);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const id of [...this.#streams.keys()]) this.remove(id);
    this.#guard.close();
    this.transport.close();
  }

  #start(id: string): void {
    const { userId, consumer } = this.#streams.get(id)!;
    this.#output.add(consumer.track);
    if (consumer.rtpReceiver) this.#monitor.addSource(id, userId, consumer.rtpReceiver);
  }
}
