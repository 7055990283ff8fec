import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeRtp } from '@tribune/shared/rtp.ts';
import type { Mixer } from '@tribune/server/mixer/Mixer.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = 960;
const PAYLOAD_TYPE = 111;
/** A packet that leaves this much too late was held up by this process, and not by the mixer. */
const LATE_MS = 10;
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

interface TalkingRoom {
  readonly mix: Awaited<ReturnType<Mixer['openRoom']>>;
  /** When its next packets are due. */
  dueMs: number;
  frame: number;
}

/** Rooms in one mixer in which everyone on stage talks without a pause: real Opus speech over UDP, 50 packets a second each. */
export class TalkingRooms {
  readonly #mixer: Mixer;
  readonly #speeches: readonly (readonly Uint8Array[])[];
  readonly #microphones: number;
  readonly #socket: Socket;
  readonly #rooms: TalkingRoom[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  #sentLate = 0;
  #received = 0;

  private constructor(mixer: Mixer, speeches: readonly (readonly Uint8Array[])[], microphones: number, socket: Socket) {
    this.#mixer = mixer;
    this.#speeches = speeches;
    this.#microphones = microphones;
    this.#socket = socket;
    socket.on('message', () => (this.#received += 1));
    this.#wake();
  }

  static async create(
    mixer: Mixer,
    speeches: readonly (readonly Uint8Array[])[],
    microphones: number,
  ): Promise<TalkingRooms> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: SOCKET_BUFFER_BYTES });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new TalkingRooms(mixer, speeches, microphones, socket);
  }

  get count(): number {
    return this.#rooms.length;
  }

  /** Packets of speech sent, those of them sent late, and packets of mixes received, since the beginning. */
  get counts() {
    return { sent: this.#sent, sentLate: this.#sentLate, received: this.#received };
  }

  /** Opens or closes rooms until there are so many. */
  async resize(count: number): Promise<void> {
    while (this.#rooms.length > count) this.#rooms.pop()!.mix.close();
    while (this.#rooms.length < count) {
      const index = this.#rooms.length;
      const mix = await this.#mixer.openRoom(`bench-${index}`);
      // A baseline from before mixers spoke to each other mixes without being told to.
      if ('setMix' in mix) mix.setMix({ epoch: 1, nodes: [], sound: 'speech' });
      mix.setSpeakers(Array.from({ length: this.#microphones }, (_, microphone) => speakerOf(microphone)));
      // A mixer of an older checkout wants an address.
      const output = { address: '127.0.0.1', port: this.#socket.address().port, packetMs: 60 } as const;
      mix.setOutputs([output]);
      // The packets of people who have nothing to do with each other do not arrive together.
      const dueMs = performance.now() + ((index * FRAME_MS * 0.618) % FRAME_MS);
      this.#rooms.push({ mix, dueMs, frame: index * 97 });
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { mix } of this.#rooms) mix.close();
    this.#socket.close();
  }

  #wake(): void {
    for (const room of this.#rooms) {
      const behindMs = performance.now() - room.dueMs;
      if (behindMs < 0) continue;
      if (behindMs > LATE_MS) this.#sentLate += this.#microphones;
      for (let microphone = 0; microphone < this.#microphones; microphone++) this.#send(room, microphone);
      room.frame += 1;
      room.dueMs += FRAME_MS;
    }
    this.#timer = setTimeout(() => this.#wake(), 1);
  }

  #send({ mix, frame }: TalkingRoom, microphone: number): void {
    const speech = this.#speeches[microphone % this.#speeches.length]!;
    const packet = writeRtp({
      payloadType: PAYLOAD_TYPE,
      sequenceNumber: frame & 0xffff,
      timestamp: (frame * FRAME_SAMPLES) % 0x1_0000_0000,
      ssrc: microphone + 1,
      marker: false,
      payload: speech[(frame + microphone * 211) % speech.length]!,
    });
    this.#sent += 1;
    this.#socket.send(packet, mix.port, '127.0.0.1', () => undefined);
  }
}

function speakerOf(microphone: number) {
  return { ssrc: microphone + 1, payloadType: PAYLOAD_TYPE, voiceId: (microphone + 1) * 16, muted: false };
}
