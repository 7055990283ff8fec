import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { isRtp } from '@tribune/shared/rtp.ts';
import type { IceCandidate } from './sdp.ts';
import { SlowDirection, type SlowNetwork } from './SlowNetwork.ts';
import type { Random } from '../random.ts';

/** More than this waits for nobody: what comes then is lost, as in a router. */
const MAX_WAITING = 1000;

export interface RelayOptions {
  /** Takes the server's audio, still encrypted, out of the stream: it goes no further. Left out, it is forwarded. */
  readonly onAudio?: ((packet: Buffer, arrivalMs: number) => void) | undefined;
  /** A packet of audio from the server that the emulated network took away. */
  onInflicted(): void;
  /** Left out, everything goes through at once. */
  readonly slow?: { readonly network: SlowNetwork; readonly random: Random } | undefined;
}

interface Waiting {
  readonly dueMs: number;
  readonly deliver: () => void;
}

/**
 * A UDP relay between one libdatachannel connection and the server. ICE, DTLS and RTCP go through as they are; RTP can be read on
 * the way, since SRTP leaves its header in clear (RFC 3711, section 3.1), and everything can be slowed down.
 */
export class Relay {
  readonly #socket: Socket;
  readonly #server: { readonly address: string; readonly port: number };
  readonly #options: RelayOptions;
  readonly #localAddress: string;
  readonly #toServer: SlowDirection | null = null;
  readonly #toClient: SlowDirection | null = null;
  /** In the order in which they are due. */
  readonly #waiting = { toServer: new DelayLine(), toClient: new DelayLine() };
  /** Known from its first packet. */
  #clientPort: number | null = null;
  #closed = false;

  private constructor(socket: Socket, server: { address: string; port: number }, options: RelayOptions) {
    this.#socket = socket;
    this.#server = server;
    this.#options = options;
    this.#localAddress = isIPv6(server.address) ? '::1' : '127.0.0.1';
    if (options.slow) {
      const { network, random } = options.slow;
      this.#toServer = new SlowDirection(network, random);
      this.#toClient = new SlowDirection(network, random);
    }
    socket.on('message', (packet, from) => this.#handle(packet, from));
    // A datagram that cannot be sent is lost, which is what ICE and the counts are there for.
    socket.on('error', () => undefined);
  }

  /** @throws {Error} when there is no socket, or no such host. */
  static async open(candidate: IceCandidate, options: RelayOptions): Promise<Relay> {
    const host = candidate.address ?? candidate.ip;
    const address = isIP(host) ? host : (await lookup(host)).address;
    const isV6 = isIPv6(address);
    const socket = createSocket(isV6 ? 'udp6' : 'udp4');
    const bound = Promise.withResolvers<void>();
    socket.once('error', bound.reject);
    // Where the server is on this machine, nothing else can reach the relay.
    const isLocal = isV6 ? address === '::1' : address.startsWith('127.');
    const anywhere = isV6 ? '::' : '0.0.0.0';
    const local = isV6 ? '::1' : '127.0.0.1';
    socket.bind({ port: 0, address: isLocal ? local : anywhere }, bound.resolve);
    try {
      await bound.promise;
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.off('error', bound.reject);
    return new Relay(socket, { address, port: candidate.port }, options);
  }

  /** What libdatachannel is told instead of the server's own. */
  candidateFor(candidate: IceCandidate): IceCandidate {
    return { ...candidate, ip: this.#localAddress, address: this.#localAddress, port: this.#socket.address().port };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.toServer.clear();
    this.#waiting.toClient.clear();
    this.#socket.close();
  }

  #handle(packet: Buffer, { address, port }: RemoteInfo): void {
    if (this.#closed) return;
    if (port === this.#server.port && address === this.#server.address) {
      this.#handleFromServer(packet);
    } else if (address === this.#localAddress) {
      this.#clientPort = port;
      this.#pass(packet.length, this.#toServer, this.#waiting.toServer, () =>
        this.#socket.send(packet, this.#server.port, this.#server.address),
      );
    }
  }

  #handleFromServer(packet: Buffer): void {
    const isAudio = isRtp(packet);
    const { onAudio, onInflicted } = this.#options;
    const taken = isAudio ? onAudio : undefined;
    const isPassed = this.#pass(packet.length, this.#toClient, this.#waiting.toClient, () => {
      if (taken) taken(packet, performance.now());
      else if (this.#clientPort !== null) this.#socket.send(packet, this.#clientPort, this.#localAddress);
    });
    if (!isPassed && isAudio) onInflicted();
  }

  /** Returns false when the emulated network loses the packet. */
  #pass(bytes: number, direction: SlowDirection | null, line: DelayLine, deliver: () => void): boolean {
    if (!direction) {
      deliver();
      return true;
    }
    const dueMs = direction.admit(bytes, performance.now());
    return dueMs !== null && line.add({ dueMs, deliver });
  }
}

/** Packets on their way, with one timer for all of them. */
class DelayLine {
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @returns false when too many wait already. */
  add(item: Waiting): boolean {
    if (this.#waiting.length >= MAX_WAITING) return false;
    this.#waiting.push(item);
    if (!this.#timer) this.#schedule();
    return true;
  }

  clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
  }

  #schedule(): void {
    const next = this.#waiting[0];
    this.#timer = next ? setTimeout(() => this.#run(), Math.max(0, next.dueMs - performance.now())) : null;
  }

  #run(): void {
    // Node's timers may fire within the millisecond before.
    const nowMs = performance.now() + 1;
    while (this.#waiting[0] && this.#waiting[0].dueMs <= nowMs) this.#waiting.shift()!.deliver();
    this.#schedule();
  }
}
