import { EventEmitter } from 'node:events';
import type { PlainTransport, Producer } from 'mediasoup/types';
import type { RoomMix } from '../mixer/Mixer.ts';
import { mixRtpParameters } from '../mixer/mixRtpParameters.ts';
import type { Lane } from './Lane.ts';

/**
 * A room's router on one audience worker: the mix comes in once, and goes out to each listener who was placed here. Closes with
 * the last of them.
 */
export class Ingest extends EventEmitter<{ closed: [] }> {
  readonly plane = 'audience';
  readonly lane: Lane;
  readonly producer: Producer;
  /** UDP, on the loopback: where the mixer sends the mix. */
  readonly port: number;
  #listeners = 0;

  private constructor(lane: Lane, transport: PlainTransport, producer: Producer) {
    super();
    this.lane = lane;
    this.producer = producer;
    this.port = transport.tuple.localPort;
    lane.router.observer.once('close', () => this.emit('closed'));
  }

  /**
   * The transport takes packets from the mix's port only. They have the same SSRC always, so that a mixer that was replaced goes
   * on where the old one was.
   */
  static async create(lane: Lane, mix: RoomMix): Promise<Ingest> {
    try {
      const transport = await lane.createLoopback(mix.port);
      const rtpParameters = mixRtpParameters(mix.ssrc);
      return new Ingest(lane, transport, await transport.produce({ kind: 'audio', rtpParameters }));
    } catch (error) {
      lane.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.lane.closed;
  }

  /**
   * The mixer was replaced, and numbers its packets anew. Workers number what they send without a gap after a pause (mediasoup
   * 3.27, `SimpleProducerStreamManager::OnResumed`); without one, SRTP takes numbers that jump back for a replay, and drops them.
   */
  async renumber(): Promise<void> {
    try {
      await this.producer.pause();
      await this.producer.resume();
    } catch (error) {
      // The worker died meanwhile: the producer went with it.
      if (!this.producer.closed) throw error;
    }
  }

  /** Keeps it open for a listener who is on the way, until the function returned is called. */
  hold(): () => void {
    const release = this.lane.worker.holdListener();
    let held = true;
    this.#listeners++;
    return () => {
      if (!held) return;
      held = false;
      release();
      if (--this.#listeners === 0) this.close();
    };
  }

  close(): void {
    this.lane.close();
  }
}
