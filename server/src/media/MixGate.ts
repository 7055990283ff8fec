import type { PlainTransport, RtpParameters, SrtpParameters } from 'mediasoup/types';
import type { RoomMix } from '../mixer/Mixer.ts';
import type { MixSource } from '../mixer/mixerMessages.ts';
import type { Lane } from './Lane.ts';

/** Where the home of a room sends the mix for another node. */
export interface GateOffer {
  readonly address: string;
  readonly port: number;
  readonly srtpParameters: SrtpParameters;
}

/** What the home sends to a gate. */
export interface GateLink {
  readonly srtpParameters: SrtpParameters;
  readonly rtpParameters: RtpParameters;
}

/**
 * Takes the mix of a room in from its home, on a node that is not: encrypted on the way (SRTP, RFC 3711), and passed on from here
 * to the room's own socket in the mixer, from which every listener of this node gets it. Closes with its lane.
 */
export class MixGate {
  readonly lane: Lane;
  readonly #mix: RoomMix;
  readonly #transport: PlainTransport;

  private constructor(lane: Lane, mix: RoomMix, transport: PlainTransport) {
    this.lane = lane;
    this.#mix = mix;
    this.#transport = transport;
  }

  /** @param lane of its own */
  static async create(lane: Lane, mix: RoomMix): Promise<MixGate> {
    try {
      return new MixGate(lane, mix, await lane.createLink({ comedia: true }));
    } catch (error) {
      lane.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.lane.closed;
  }

  /** Of this gate and no other: it changes when the worker beneath it is replaced. */
  get id(): string {
    return this.#transport.id;
  }

  /** @param address at which other nodes reach this one */
  offer(address: string): GateOffer {
    const { tuple, srtpParameters } = this.#transport;
    if (!srtpParameters) throw new Error('The transport has no keys');
    return { address, port: tuple.localPort, srtpParameters };
  }

  /**
   * Opens it for what the home sends, once. What comes with other keys is dropped.
   * @returns what it brings to the room's socket
   */
  async open({ srtpParameters, rtpParameters }: GateLink): Promise<MixSource> {
    await this.#transport.connect({ srtpParameters });
    const producer = await this.#transport.produce({ kind: 'audio', rtpParameters });
    const inward = await this.lane.createLoopback(this.#mix.port);
    const consumer = await inward.consume({
      producerId: producer.id,
      rtpCapabilities: { ...this.lane.rtpCapabilities, headerExtensions: [] },
      enableRtx: false,
    });
    return { kind: 'relay', ssrc: consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0 };
  }

  close(): void {
    this.lane.close();
  }
}
