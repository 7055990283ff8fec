import { EventEmitter } from 'node:events';
import type { PlainTransport, Producer } from 'mediasoup/types';
import type { RoomMix } from '../mixer/RoomMix.ts';
import { mixRtpParameters } from '../mixer/mixRtpParameters.ts';
import type { MediaRouter } from './MediaRouter.ts';

/** How many packets of a mix one worker has sent: what came in, times those who hear it. */
export interface Downlink {
  readonly worker: number;
  readonly packets: number;
}

/**
 * A room's router on one audience worker: the mix comes in once, and goes out to each listener who was placed here. Closes with
 * the last of them.
 */
export class AudienceRouter extends EventEmitter<{ closed: [] }> {
  readonly plane = 'audience';
  readonly mediaRouter: MediaRouter;
  readonly producer: Producer;
  /** UDP, on the loopback: where the mixer sends the mix. */
  readonly port: number;
  #listeners = 0;
  #packetsRead = 0;

  private constructor(mediaRouter: MediaRouter, transport: PlainTransport, producer: Producer) {
    super();
    this.mediaRouter = mediaRouter;
    this.producer = producer;
    this.port = transport.tuple.localPort;
    mediaRouter.router.observer.once('close', () => this.emit('closed'));
  }

  /**
   * The transport takes packets from the mix's port only. They have the same SSRC always, so that a mixer that was replaced goes
   * on where the old one was.
   */
  static async create(mediaRouter: MediaRouter, mix: RoomMix): Promise<AudienceRouter> {
    try {
      const transport = await mediaRouter.createLoopback(mix.port);
      const rtpParameters = mixRtpParameters(mix.ssrc);
      return new AudienceRouter(mediaRouter, transport, await transport.produce({ kind: 'audio', rtpParameters }));
    } catch (error) {
      mediaRouter.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.mediaRouter.closed;
  }

  /**
   * Another mixer process makes the mix, and numbers its packets anew. Workers number what they send without a gap after a pause (mediasoup
   * 3.27, `SimpleProducerStreamManager::OnResumed`); without one, SRTP takes numbers that jump back for a replay, and drops them.
   */
  async renumber(): Promise<void> {
    try {
      await this.producer.pause();
      await this.producer.resume();
    } catch {
      // Where the worker died meanwhile, nothing is left to close; otherwise listeners start anew.
      this.close();
    }
  }

  /** What went out since the last call: asked once for all listeners, since asking each consumer costs as much as its sound. */
  async readDownlink(): Promise<Downlink> {
    // A worker that died meanwhile has sent nothing more.
    const stats = await this.producer.getStats().catch(() => []);
    const packets = stats.reduce((sum, { packetCount }) => sum + packetCount, 0);
    const news = Math.max(0, packets - this.#packetsRead);
    this.#packetsRead = Math.max(packets, this.#packetsRead);
    return { worker: this.mediaRouter.worker.index, packets: news * this.#listeners };
  }

  /** Keeps it open for a listener who is on the way, until the function returned is called. */
  hold(): () => void {
    const release = this.mediaRouter.worker.holdListener();
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
    this.mediaRouter.close();
  }
}
