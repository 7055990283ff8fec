import { randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { csrcCountOf, sequenceNumberOf } from '@tribune/shared/rtp.ts';
import { bindInRange, bindPort, isPortTaken } from './bindUdp.ts';
import { MIX_PAYLOAD_TYPE } from './mixRtpParameters.ts';
import type { Endpoint, RoomState } from './mixerMessages.ts';
import { RelayReceiver } from './RelayReceiver.ts';
import { RelaySender } from './RelaySender.ts';
import { Renumbering } from './Renumbering.ts';
import { RoomMixer } from './RoomMixer.ts';
import { StreamChoice } from './StreamChoice.ts';

const LOOPBACK = '127.0.0.1';
/**
 * Below the ports that systems give to outgoing connections (from 32768 on Linux), so that a mixer that is replaced gets them back;
 * away from `MEDIA_PORT` and from mediasoup's own ports on the loopback.
 */
const LOOPBACK_PORTS = { min: 22_000, max: 24_999 };
/** What a firewall has to let in from the other nodes. */
const RELAY_PORTS = { min: 40_000, max: 49_999 };
const MARKER_BIT = 0x80;

/** The source of what is mixed here, beside the streams of other nodes. */
const OWN_MIX = Symbol('own mix');

interface RoomSocketOptions {
  readonly state: RoomState;
  /** See `RoomMixer.create`. */
  readonly phase: number;
  readonly relayKey: Buffer;
  readonly listenAddress: string;
  /** Something was thrown while a packet was handled. */
  readonly onError: (error: unknown) => void;
}

/**
 * A room's mix, made here or by the mixer of another node, with the UDP sockets that it is fed and sent through: one on the loopback
 * for the workers of this node, and one for the mixers of others. To those who receive the mix it is one stream all the time.
 */
export class RoomSocket {
  readonly #mixer: RoomMixer;
  readonly #local: Socket;
  readonly #relay: Socket;
  readonly #ssrc: number;
  readonly #sender: RelaySender;
  readonly #receiver: RelayReceiver;
  readonly #choice = new StreamChoice();
  readonly #numbers = new Renumbering(randomInt(0x1_0000));
  #epoch: number | null = null;
  #nodes: readonly Endpoint[] = [];
  #outputs: readonly Endpoint[] = [];

  private constructor(mixer: RoomMixer, local: Socket, relay: Socket, { state, relayKey, onError }: RoomSocketOptions) {
    this.#mixer = mixer;
    this.#local = local;
    this.#relay = relay;
    this.#ssrc = state.ssrc;
    this.#sender = new RelaySender(relayKey, state.roomId);
    this.#receiver = new RelayReceiver(relayKey, state.roomId, relay.address().port);
    const guarded = (take: (packet: Buffer) => void) => (packet: Buffer) => {
      try {
        take(packet);
      } catch (error) {
        onError(error);
      }
    };
    local.on(
      'message',
      guarded((packet) => this.#takeVoice(packet)),
    );
    relay.on(
      'message',
      guarded((datagram) => this.#takeRelayed(datagram)),
    );
    // Nobody is there yet, or any more: the next packet may find someone.
    for (const socket of [local, relay]) socket.on('error', ignore);
  }

  /** @throws {Error} with the code EADDRINUSE when another has taken the port that the room had */
  static async create(options: RoomSocketOptions): Promise<RoomSocket> {
    const { state, phase, listenAddress } = options;
    const sockets: Socket[] = [];
    try {
      const local = state.port === 0 ? bindInRange(LOOPBACK, LOOPBACK_PORTS) : bindPort(LOOPBACK, state.port);
      sockets.push(await local);
      sockets.push(await bindRelay(listenAddress, state.relayPort));
      const [localSocket, relaySocket] = sockets as [Socket, Socket];
      return new RoomSocket(await RoomMixer.create(state, phase), localSocket, relaySocket, options);
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
  }

  get port(): number {
    return this.#local.address().port;
  }

  get relayPort(): number {
    return this.#relay.address().port;
  }

  get voiceCount(): number {
    return this.#mixer.voiceCount;
  }

  update({ epoch, nodes, speakers, outputs }: RoomState): void {
    if (this.#epoch === null && epoch !== null) this.#mixer.resume();
    if (epoch === null) this.#choice.forget(OWN_MIX);
    this.#epoch = epoch;
    this.#nodes = nodes;
    this.#outputs = outputs;
    this.#mixer.setSpeakers(speakers);
  }

  tick(nowMs: number): void {
    if (this.#epoch === null) return;
    const packet = this.#mixer.tick(nowMs);
    if (!packet) return;
    // Only what is mixed here goes to other nodes, so that nothing can go round.
    if (this.#nodes.length > 0) this.#sendToNodes(packet, this.#epoch);
    this.#pass(packet, OWN_MIX, this.#epoch);
  }

  close(): void {
    this.#local.close();
    this.#relay.close();
    this.#mixer.close();
  }

  #takeVoice(packet: Buffer): void {
    if (this.#epoch !== null) this.#mixer.receive(packet, performance.now());
  }

  #takeRelayed(datagram: Buffer): void {
    const relayed = this.#receiver.open(datagram);
    if (relayed) this.#pass(relayed.packet, relayed.stream, relayed.epoch);
  }

  #sendToNodes(packet: Buffer, epoch: number): void {
    const datagrams = this.#sender.seal(packet, epoch, new Set(this.#nodes.map(({ port }) => port)));
    for (const { address, port } of this.#nodes) this.#relay.send(datagrams.get(port)!, port, address, ignore);
  }

  /** Sends a packet to the listeners of this node, if its source is the one that is heard. */
  #pass(packet: Buffer, source: unknown, epoch: number): void {
    const speaks = csrcCountOf(packet) > 0;
    if (!this.#choice.isHeard(source, { epoch, speaks, nowMs: performance.now() })) return;
    const number = this.#numbers.next(source, sequenceNumberOf(packet));
    if (number === null) return;
    packet[1] = (packet[1]! & MARKER_BIT) | MIX_PAYLOAD_TYPE;
    packet.writeUInt16BE(number, 2);
    packet.writeUInt32BE(this.#ssrc, 8);
    for (const { address, port } of this.#outputs) this.#local.send(packet, port, address, ignore);
  }
}

/** A port that other nodes are told of anew each second may change where it has to. */
async function bindRelay(address: string, port: number): Promise<Socket> {
  if (port === 0) return bindInRange(address, RELAY_PORTS);
  try {
    return await bindPort(address, port);
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    return bindInRange(address, RELAY_PORTS);
  }
}

/** With a callback, a packet that cannot be sent raises no event: receivers are made for loss. */
function ignore(): void {
  // Nothing is done about it.
}
