import type { MediaInfo } from '@tribune/shared/protocol.ts';
import { encodeSpeech, type SpeechFrame } from '@tribune/loadtest/media/speech.ts';
import { SpeakerMedia } from '@tribune/loadtest/media/SpeakerMedia.ts';
import { Ear } from './Ear.ts';
import type { TestPeer } from './TestPeer.ts';
import type { TestServer } from './TestServer.ts';

const CONNECT_MS = 5000;

/** A live room in which people really speak and really listen. */
export class RealRoom {
  readonly roomId: string;
  readonly host: TestPeer;
  readonly #server: TestServer;
  readonly #frames: readonly SpeechFrame[];
  readonly #closing: (() => void)[] = [];

  private constructor(server: TestServer, roomId: string, host: TestPeer, frames: readonly SpeechFrame[]) {
    this.#server = server;
    this.roomId = roomId;
    this.host = host;
    this.#frames = frames;
  }

  static async create(server: TestServer): Promise<RealRoom> {
    const frames = await encodeSpeech(new URL('../../../e2e/fixtures/speech.wav', import.meta.url));
    const { room, host } = await server.createRoom();
    await host.request('room:goLive');
    return new RealRoom(server, room.id, host, frames);
  }

  mediaOf(peer: TestPeer) {
    return this.#server.server.rooms.rooms.get(this.roomId)?.getPeer(peer.userId)?.media ?? null;
  }

  /** Someone who joins, and comes on stage. */
  async bring(name: string): Promise<TestPeer> {
    const [peer] = await this.#server.joinAll(this.roomId, name);
    await this.promote(peer!);
    return peer!;
  }

  async promote(peer: TestPeer): Promise<void> {
    await this.host.request('stage:invite', { userId: peer.userId });
    await peer.request('stage:accept');
  }

  /** Speaks real Opus over real ICE, DTLS and SRTP, and goes on whatever the server decides. */
  async speak(peer: TestPeer): Promise<SpeakerMedia> {
    const { rtpCapabilities } = await peer.api.createTicket(this.roomId);
    const transport = await peer.request('transport:create');
    const speech = { frames: this.#frames, firstFrame: 0 };
    const speaker = new SpeakerMedia(peer.name, transport, rtpCapabilities, speech, {
      connectTransport: async (transportId, dtlsParameters) =>
        peer.request('transport:connect', { transportId, dtlsParameters }),
      onLost: () => undefined,
    });
    this.closing(() => speaker.close());
    await speaker.connect(CONNECT_MS);
    const { rtpParameters } = speaker;
    await peer.request('producer:create', { transportId: transport.id, rtpParameters });
    await peer.request('stage:setMuted', { muted: false });
    speaker.speak();
    return speaker;
  }

  async listen(peer: TestPeer, info: MediaInfo): Promise<Ear> {
    const ear = new Ear(peer, info);
    this.closing(() => ear.close());
    return ear.connect();
  }

  async joinAndListen(name: string): Promise<{ peer: TestPeer; ear: Ear }> {
    const peer = await this.#server.createPeer(name);
    const { media } = await peer.join(this.roomId);
    if (media.kind !== 'new') throw new Error(`media is ${media.kind}`);
    return { peer, ear: await this.listen(peer, media) };
  }

  /** To be done at the end. */
  closing(close: () => void): void {
    this.#closing.push(close);
  }

  async close(): Promise<void> {
    await this.host.request('room:end').catch(() => undefined);
    for (const close of this.#closing) close();
  }
}
