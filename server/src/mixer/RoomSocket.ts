import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoomMixer } from './RoomMixer.ts';
import type { MixOutput, RoomState } from './mixerMessages.ts';

const ADDRESS = '127.0.0.1';
/** A second of a full stage; what the kernel does not allow, it cuts by itself. */
const SOCKET_BUFFER_BYTES = 1024 * 1024;
/** A port of a process that was killed is free again in no time. */
const BIND_ATTEMPTS = 20;
const BIND_RETRY_MS = 50;

/** A room's mix with the UDP socket that it is fed and sent through. */
export class RoomSocket {
  readonly #mixer: RoomMixer;
  readonly #socket: Socket;
  #outputs: readonly MixOutput[] = [];

  private constructor(mixer: RoomMixer, socket: Socket) {
    this.#mixer = mixer;
    this.#socket = socket;
    socket.on('message', (packet) => mixer.receive(packet, performance.now()));
    // Nobody there yet, or any more: the next packet may find someone.
    socket.on('error', () => undefined);
  }

  /** @param phase see `MixStream.create` @throws {Error} when the port is taken */
  static async create(room: RoomState, phase: number): Promise<RoomSocket> {
    const socket = await bind(room.port);
    return new RoomSocket(await RoomMixer.create(room, phase), socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get voiceCount(): number {
    return this.#mixer.voiceCount;
  }

  update({ speakers, outputs }: RoomState): void {
    this.#mixer.setSpeakers(speakers);
    this.#outputs = outputs;
  }

  tick(nowMs: number): void {
    const packet = this.#mixer.tick(nowMs);
    if (packet) for (const { address, port } of this.#outputs) this.#socket.send(packet, port, address, ignore);
  }

  close(): void {
    this.#socket.close();
    this.#mixer.close();
  }
}

async function bind(port: number): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: SOCKET_BUFFER_BYTES,
      sendBufferSize: SOCKET_BUFFER_BYTES,
    });
    try {
      socket.bind(port, ADDRESS);
      await once(socket, 'listening');
      return socket;
    } catch (error) {
      socket.close();
      if (attempt === BIND_ATTEMPTS) throw error;
      await sleep(BIND_RETRY_MS);
    }
  }
}

/** With a callback, what cannot be sent is no event. */
function ignore(): void {
  // A lost packet is what receivers are made for.
}
