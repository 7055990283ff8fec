import { randomInt } from 'node:crypto';
import { csrcCountOf, sequenceNumberOf } from '@tribune/shared/rtp.ts';
import type { MixOutput, OutputPacketMs } from '../mixerMessages.ts';
import { PacketJoiner } from './PacketJoiner.ts';
import { Renumbering } from './relay/Renumbering.ts';
import type { LoopbackSocket } from './udp/LoopbackSocket.ts';

/** Longer packets come later by half of their length, for which a listener's jitter buffer makes sound up: where nobody speaks, if it can be. */
const SWITCH_WITHIN_MS = 5000;
/** Longer than the time between two packets: no packet that could be joined comes after it. */
const HOLD_MS = 100;

interface Output {
  readonly numbers: Renumbering;
  packetMs: OutputPacketMs;
  wantedMs: OutputPacketMs;
  /** When another length was asked for. */
  askedMs: number;
}

/**
 * The audience workers that a mix goes to, in packets of 60 or of 120 ms. The long ones are made once for all of them. What a worker
 * gets has no gap in its numbers when the length changes, and no sound is sent twice or left out.
 */
export class MixOutputs {
  readonly #socket: LoopbackSocket;
  /** By port. */
  readonly #outputs = new Map<number, Output>();
  #joiner: PacketJoiner | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: LoopbackSocket) {
    this.#socket = socket;
  }

  /** The whole list each time. */
  set(outputs: readonly MixOutput[]): void {
    const ports = new Set(outputs.map(({ port }) => port));
    for (const port of this.#outputs.keys()) if (!ports.has(port)) this.#outputs.delete(port);
    for (const { port, packetMs } of outputs) {
      const known = this.#outputs.get(port);
      if (!known) {
        const numbers = new Renumbering(randomInt(0x1_0000));
        this.#outputs.set(port, { numbers, packetMs, wantedMs: packetMs, askedMs: 0 });
      } else if (known.wantedMs !== packetMs) {
        known.wantedMs = packetMs;
        known.askedMs = performance.now();
      }
    }
  }

  /**
   * Sends a packet of 60 ms.
   *
   * @param source whatever tells one stream from another; the numbers of each follow each other
   */
  send(packet: Buffer, source: unknown): void {
    this.#switch(csrcCountOf(packet) > 0);
    const number = sequenceNumberOf(packet);
    this.#sendTo(60, packet, source, number);
    if (!this.#joiner) return;
    packet.writeUInt16BE(number, 2);
    for (const ready of this.#joiner.push(packet, source)) this.#sendTo(120, ready, this.#joiner);
    clearTimeout(this.#timer);
    if (this.#joiner.isHolding) this.#timer = setTimeout(() => this.#flush(), HOLD_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#outputs.clear();
  }

  #switch(speaks: boolean): void {
    const nowMs = performance.now();
    const outputs = [...this.#outputs.values()];
    const changing = outputs.filter(
      ({ packetMs, wantedMs, askedMs }) => packetMs !== wantedMs && (!speaks || nowMs - askedMs > SWITCH_WITHIN_MS),
    );
    // What waits was sent to those with short packets, and not to those with long ones.
    if (changing.length > 0) this.#flush();
    for (const output of changing) output.packetMs = output.wantedMs;
    if (!outputs.some(({ packetMs }) => packetMs === 120)) this.#joiner = null;
    else this.#joiner ??= new PacketJoiner();
  }

  #flush(): void {
    const held = this.#joiner?.flush();
    if (held) this.#sendTo(120, held, this.#joiner);
  }

  #sendTo(packetMs: OutputPacketMs, packet: Buffer, source: unknown, sequenceNumber = sequenceNumberOf(packet)): void {
    for (const [port, output] of this.#outputs) {
      if (output.packetMs !== packetMs) continue;
      const number = output.numbers.next(source, sequenceNumber);
      if (number === null) continue;
      packet.writeUInt16BE(number, 2);
      this.#socket.send(packet, port);
    }
  }
}
