import type { PlainTransport } from 'mediasoup/types';
import type { RoomMix } from '../mixer/Mixer.ts';
import { Ingest } from './Ingest.ts';
import type { Lane } from './Lane.ts';
import type { GateLink, GateOffer } from './MixGate.ts';

/**
 * Sends the mix of a room from its home to the other nodes that have listeners: it comes in once, as it does for listeners of this
 * node, and leaves once for each gate. Closes with its lane.
 */
export class MixUplink {
  readonly #ingest: Ingest;
  readonly #links = new Map<string, PlainTransport>();

  private constructor(ingest: Ingest) {
    this.#ingest = ingest;
  }

  /** @param lane of its own */
  static async create(lane: Lane, mix: RoomMix): Promise<MixUplink> {
    return new MixUplink(await Ingest.create(lane, mix));
  }

  get closed(): boolean {
    return this.#ingest.closed;
  }

  /** Of this machine: where the mixer has to send the mix. */
  get port(): number {
    return this.#ingest.port;
  }

  has(gateId: string): boolean {
    return this.#links.has(gateId);
  }

  /** Sends the mix to this gate from now on. */
  async link(gateId: string, { address: ip, port, srtpParameters }: GateOffer): Promise<GateLink> {
    const { lane, producer } = this.#ingest;
    const transport = await lane.createLink({ comedia: false });
    try {
      await transport.connect({ ip, port, srtpParameters });
      const { rtpParameters } = await transport.consume({
        producerId: producer.id,
        rtpCapabilities: { ...lane.rtpCapabilities, headerExtensions: [] },
        enableRtx: false,
      });
      if (!transport.srtpParameters) throw new Error('The transport has no keys');
      this.#links.get(gateId)?.close();
      this.#links.set(gateId, transport);
      return { srtpParameters: transport.srtpParameters, rtpParameters };
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  /** Ends the links to all other gates. */
  keepOnly(gateIds: ReadonlySet<string>): void {
    for (const [gateId, transport] of this.#links) {
      if (gateIds.has(gateId)) continue;
      this.#links.delete(gateId);
      transport.close();
    }
  }

  /** The mixer was replaced. */
  async renumber(): Promise<void> {
    await this.#ingest.renumber();
  }

  close(): void {
    this.#ingest.close();
  }
}
