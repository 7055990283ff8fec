import type { Socket } from 'node:dgram';
import { csrcCountOf } from '@tribune/shared/rtp.ts';
import { MixOutputs } from './MixOutputs.ts';
import { MIX_PAYLOAD_TYPE } from '../mixRtpParameters.ts';
import type { Endpoint, RoomState } from '../mixerMessages.ts';
import { RelayReceiver } from './relay/RelayReceiver.ts';
import { RelaySender } from './relay/RelaySender.ts';
import { RoomMixer } from './RoomMixer.ts';
import { FRAMES_PER_PACKET } from './sound.ts';
import { StreamChoice } from './relay/StreamChoice.ts';
import { bindLoopback } from './udp/bindLoopback.ts';
import { bindInRange, bindPort, bindUdp, isPortTaken } from './udp/bindUdp.ts';
import type { LoopbackSocket } from './udp/LoopbackSocket.ts';

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
  /** Its packets end so many frames after those of a room of phase 0. */
  readonly phase: number;
  readonly relayKey: Buffer;
  readonly listenAddress: string;
  /** Something was thrown while a packet of another node was handled. */
  readonly onError: (error: unknown) => void;
}

/**
 * A room's mix, made here or by the mixer of another node, with the UDP sockets that it is fed and sent through: one on the loopback
 * for the workers of this node, and one for the mixers of others. To those who receive the mix it is one stream all the time.
 */
export class RoomSocket {
  readonly #mixer: RoomMixer;
  readonly #local: LoopbackSocket;
  readonly #relay: Socket;
  readonly #ssrc: number;
  readonly #phase: number;
  readonly #sender: RelaySender;
  readonly #receiver: RelayReceiver;
  readonly #choice = new StreamChoice();
  readonly #outputs: MixOutputs;
  #epoch: number | null = null;
  /** Not yet sent. */
  #mixed: Buffer | null = null;
  #nodes: readonly Endpoint[] = [];

  private constructor(
    mixer: RoomMixer,
    local: LoopbackSocket,
    relay: Socket,
    { state, phase, relayKey, onError }: RoomSocketOptions,
  ) {
    this.#mixer = mixer;
    this.#local = local;
    this.#relay = relay;
    this.#ssrc = state.ssrc;
    this.#outputs = new MixOutputs(local);
    this.#phase = phase;
    this.#sender = new RelaySender(relayKey, state.roomId);
    this.#receiver = new RelayReceiver(relayKey, state.roomId, relay.address().port);
    relay.on('message', (datagram, { address }) => {
      try {
        this.#takeRelayed(datagram, address);
      } catch (error) {
        onError(error);
      }
    });
    // Nobody is there yet, or any more: the next packet may find someone.
    relay.on('error', ignore);
  }

  /** @throws {Error} with the code EADDRINUSE when another has taken the port that the room had */
  static async create(options: RoomSocketOptions): Promise<RoomSocket> {
    const { state, listenAddress } = options;
    const sockets: { close: () => void }[] = [];
    try {
      const local = await (state.port === 0
        ? bindInRange(bindLoopback, LOOPBACK_PORTS)
        : bindPort(bindLoopback, state.port));
      sockets.push(local);
      const relay = await bindRelay(listenAddress, state.relayPort);
      sockets.push(relay);
      return new RoomSocket(await RoomMixer.create(state), local, relay, options);
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
  }

  get port(): number {
    return this.#local.port;
  }

  get relayPort(): number {
    return this.#relay.address().port;
  }

  get voiceCount(): number {
    return this.#mixer.voiceCount;
  }

  update({ epoch, nodes, sound, clockMs, speakers, outputs }: RoomState): void {
    // What has come so far is subject to what was said so far: a voice that was muted stays unheard.
    this.#takeVoices();
    this.#mixer.setClock(clockMs);
    if (this.#epoch === null && epoch !== null) this.#mixer.resume();
    if (epoch === null) this.#choice.forget(OWN_MIX);
    this.#epoch = epoch;
    this.#nodes = nodes;
    this.#outputs.set(outputs);
    this.#mixer.setSound(sound);
    this.#mixer.setSpeakers(speakers);
  }

  /** Whether a packet of the mix is due in this tick, the last frame of which is due then. */
  isDue(tick: number): boolean {
    return this.#epoch !== null && tick % FRAMES_PER_PACKET === this.#phase;
  }

  /** Mixes a packet that is due. `send()` sends it. */
  mix(dueMs: number): void {
    if (this.#epoch === null) return;
    this.#takeVoices();
    this.#mixed = this.#mixer.mix(dueMs);
  }

  /** Sends the packet that was mixed last, if there is one. */
  send(): void {
    const packet = this.#mixed;
    this.#mixed = null;
    if (!packet || this.#epoch === null) return;
    // Only what is mixed here goes to other nodes, so that nothing can go round.
    if (this.#nodes.length > 0) this.#sendToNodes(packet, this.#epoch);
    this.#pass(packet, OWN_MIX, this.#epoch);
  }

  close(): void {
    this.#outputs.close();
    this.#local.close();
    this.#relay.close();
    this.#mixer.close();
  }

  /** Takes what has come to the socket. Some of it may be for frames after those that are due: its time of arrival tells. */
  #takeVoices(): void {
    const isMixing = this.#epoch !== null;
    this.#local.drain((packet, arrivalMs) => {
      if (isMixing) this.#mixer.receive(packet, arrivalMs);
    });
  }

  #takeRelayed(datagram: Buffer, address: string): void {
    const relayed = this.#receiver.open(datagram, address);
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
    packet[1] = (packet[1]! & MARKER_BIT) | MIX_PAYLOAD_TYPE;
    packet.writeUInt32BE(this.#ssrc, 8);
    this.#outputs.send(packet, source);
  }
}

/** A port that other nodes are told of anew each second may change where it has to. */
async function bindRelay(address: string, port: number): Promise<Socket> {
  const bind = async (to: number) => bindUdp(address, to);
  if (port === 0) return bindInRange(bind, RELAY_PORTS);
  try {
    return await bindPort(bind, port);
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    return bindInRange(bind, RELAY_PORTS);
  }
}

/** With a callback, a packet that cannot be sent raises no event: receivers are made for loss. */
function ignore(): void {
  // Nothing is done about it.
}
