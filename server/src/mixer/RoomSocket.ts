import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { csrcCountOf, isRtp, sequenceNumberOf, ssrcOf } from '@tribune/shared/rtp.ts';
import { MIX_PAYLOAD_TYPE } from './mixRtpParameters.ts';
import type { MixOutput, MixSource, RoomState } from './mixerMessages.ts';
import { Renumbering } from './Renumbering.ts';
import { RoomMixer } from './RoomMixer.ts';

const ADDRESS = '127.0.0.1';
const MARKER_BIT = 0x80;
/** A second of a full stage; what the kernel does not allow, it cuts by itself. */
const SOCKET_BUFFER_BYTES = 1024 * 1024;
/** A port of a process that was killed is free again in no time. */
const BIND_ATTEMPTS = 20;
const BIND_RETRY_MS = 50;

const MIX: MixSource = { kind: 'mix' };

/** A room's mix, made here or passed on, with the UDP socket that it is fed and sent through. */
export class RoomSocket {
  readonly #mixer: RoomMixer;
  readonly #socket: Socket;
  readonly #ssrc: number;
  readonly #numbers = new Renumbering(randomInt(0x1_0000));
  readonly #outwardNumbers = new Renumbering(randomInt(0x1_0000));
  #sources: readonly MixSource[] = [{ kind: 'mix' }];
  /** Of the sources, the one that is sent. */
  #heard: MixSource | undefined = this.#sources[0];
  #outputs: readonly MixOutput[] = [];

  private constructor(mixer: RoomMixer, socket: Socket, ssrc: number) {
    this.#mixer = mixer;
    this.#ssrc = ssrc;
    this.#socket = socket;
    socket.on('message', (packet) => this.#receive(packet));
    // Nobody there yet, or any more: the next packet may find someone.
    socket.on('error', () => undefined);
  }

  /** @param phase see `RoomMixer.create` @throws {Error} when the port is taken */
  static async create(room: RoomState, phase: number): Promise<RoomSocket> {
    const socket = await bind(room.port);
    return new RoomSocket(await RoomMixer.create(room, phase), socket, room.ssrc);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get voiceCount(): number {
    return this.#mixer.voiceCount;
  }

  update({ sources, speakers, outputs }: RoomState): void {
    if (!this.#isMixing && sources.some(isMix)) this.#mixer.resume();
    this.#heard = sources.find((source) => isSame(source, this.#heard)) ?? sources[0];
    this.#sources = sources;
    this.#mixer.setSpeakers(speakers);
    this.#outputs = outputs;
  }

  tick(nowMs: number): void {
    if (!this.#isMixing) return;
    const packet = this.#mixer.tick(nowMs);
    if (!packet) return;
    const outward = this.#outputs.filter((output) => output.outward);
    // A packet is sent later than it seems, so that one with two numbers has to be two.
    if (outward.length > 0) this.#send(Buffer.from(packet), MIX, this.#outwardNumbers, outward);
    this.#pass(packet, MIX);
  }

  get #isMixing(): boolean {
    return this.#sources.some(isMix);
  }

  #receive(packet: Buffer): void {
    if (!isRtp(packet)) return;
    const ssrc = ssrcOf(packet);
    const relayed = this.#sources.find((source) => source.kind === 'relay' && source.ssrc === ssrc);
    if (relayed) this.#pass(packet, relayed);
    else if (this.#isMixing) this.#mixer.receive(packet, performance.now());
  }

  /** To those who receive it, this is one stream, wherever it comes from. */
  #pass(packet: Buffer, source: MixSource): void {
    // Someone speaks in what is to be heard: there is nothing to wait for.
    if (isSame(source, this.#sources[0]) && csrcCountOf(packet) > 0) this.#heard = this.#sources[0];
    if (!isSame(source, this.#heard)) return;
    const inward = this.#outputs.filter(({ outward }) => !outward);
    this.#send(packet, source, this.#numbers, inward);
  }

  #send(packet: Buffer, source: MixSource, numbers: Renumbering, outputs: readonly MixOutput[]): void {
    const number = numbers.next(source.kind === 'relay' ? source.ssrc : source.kind, sequenceNumberOf(packet));
    if (number === null) return;
    packet[1] = (packet[1]! & MARKER_BIT) | MIX_PAYLOAD_TYPE;
    packet.writeUInt16BE(number, 2);
    packet.writeUInt32BE(this.#ssrc, 8);
    for (const { address, port } of outputs) this.#socket.send(packet, port, address, ignore);
  }

  close(): void {
    this.#socket.close();
    this.#mixer.close();
  }
}

function isMix({ kind }: MixSource): boolean {
  return kind === 'mix';
}

function isSame(one: MixSource, other: MixSource | undefined): boolean {
  if (one.kind === 'mix' || other?.kind !== 'relay') return one.kind === other?.kind;
  return one.ssrc === other.ssrc;
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
