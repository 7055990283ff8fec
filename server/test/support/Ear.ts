import type { MediaInfo } from '@tribune/shared/protocol.ts';
import { csrcsOf, isRtp, payloadOf, sequenceNumberOf, timestampOf } from '@tribune/shared/rtp.ts';
import { readCsrc, voiceIdOf } from '@tribune/shared/voice.ts';
import { createDecoder, type OpusDecoderHandle } from 'libopus-wasm';
import { MediaConnection } from '@tribune/loadtest/media/MediaConnection.ts';
import { SequenceTracker } from '@tribune/loadtest/hearing/SequenceTracker.ts';
import type { TestPeer } from './TestPeer.ts';

const CONNECT_MS = 5000;

interface Packet {
  readonly arrivalMs: number;
  readonly dbov: number;
  readonly voiceIds: readonly number[];
}

/** Hears what a server sends over one transport, with real ICE, DTLS, SRTP and Opus: when, how loud, and who it says that it is. */
export class Ear {
  readonly transportId: string;
  readonly packets: Packet[] = [];
  readonly #peer: TestPeer;
  readonly #info: MediaInfo;
  readonly #connection: MediaConnection;
  readonly #decoders = new Map<string, OpusDecoderHandle>();
  readonly #tracker = new SequenceTracker();

  constructor(peer: TestPeer, info: MediaInfo) {
    this.transportId = info.recv.id;
    this.#peer = peer;
    this.#info = info;
    this.#connection = new MediaConnection(peer.name, info.recv, {
      onPacket: (packet, mid, arrivalMs) => this.#hear(packet, mid, arrivalMs),
    });
  }

  async connect(): Promise<this> {
    for (const { rtpParameters } of this.#info.consumers) {
      this.#decoders.set(rtpParameters.mid!, await createDecoder({ channels: 1 }));
    }
    const media = this.#info.consumers.map(({ rtpParameters }) => ({
      mid: rtpParameters.mid!,
      direction: 'sendonly' as const,
      rtpParameters,
    }));
    const dtlsParameters = this.#connection.offer(media);
    await this.#peer.request('transport:connect', { transportId: this.transportId, dtlsParameters });
    await this.#connection.start();
    await this.#connection.waitUntilConnected(CONNECT_MS);
    return this;
  }

  /** Packets that never came; for who hears one stream. */
  get lost(): number {
    const { expected, received } = this.#tracker.counts();
    return expected - received;
  }

  /** Since a moment of `performance.now()`. */
  since(ms: number): readonly Packet[] {
    return this.packets.filter(({ arrivalMs }) => arrivalMs > ms);
  }

  loudestDbov(sinceMs: number): number {
    return Math.max(-Infinity, ...this.since(sinceMs).map(({ dbov }) => dbov));
  }

  /** Does the mix say that this person speaks? */
  names(userId: string, sinceMs: number): boolean {
    return this.since(sinceMs).some(({ voiceIds }) => voiceIds.includes(voiceIdOf(userId)));
  }

  close(): void {
    this.#connection.close();
    for (const decoder of this.#decoders.values()) decoder.free();
    this.#decoders.clear();
  }

  #hear(packet: Buffer, mid: string, arrivalMs: number): void {
    const decoder = this.#decoders.get(mid);
    if (!decoder || !isRtp(packet)) return;
    this.#tracker.add(sequenceNumberOf(packet), timestampOf(packet), arrivalMs);
    const pcm = decoder.decodeFloat(payloadOf(packet));
    const power = pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length;
    const voiceIds = csrcsOf(packet).map((csrc) => readCsrc(csrc).voiceId);
    this.packets.push({ arrivalMs, dbov: 10 * Math.log10(power), voiceIds });
  }
}
