import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { epochMs } from '../clock.ts';
import { offsetOf, type ClockSample } from './offset.ts';
import { isProof, prove, WIRE_VERSION, type FromMachine, type MachineInfo, type ToMachine } from './messages.ts';
import { Wire } from './Wire.ts';

const SAMPLES = 8;

export interface MachineReport extends MachineInfo {
  /** How far its clock was ahead of the coordinator's. */
  readonly offsetMs: number;
}

export interface RemoteHandlers {
  onMessage(message: unknown): void;
  onLost(why: string): void;
}

/** A machine that has joined, seen from the coordinator. */
export class Machine {
  readonly #key: string;
  readonly #nonce = randomBytes(16).toString('base64url');
  readonly #wire: Wire<ToMachine, FromMachine>;
  readonly #ready = Promise.withResolvers<MachineReport>();
  readonly #processes = new Map<number, RemoteHandlers>();
  readonly #samples: ClockSample[] = [];
  #info: MachineInfo | null = null;

  constructor(socket: Socket, key: string) {
    this.#key = key;
    this.#wire = new Wire<ToMachine, FromMachine>(
      socket,
      (message) => this.#handle(message),
      () => this.#handleClose(),
    );
    this.#ready.promise.catch(() => undefined);
    this.#wire.send({ kind: 'challenge', version: WIRE_VERSION, nonce: this.#nonce });
  }

  /** Resolves once it has proved that it has the key, and its clock is known. Rejects when it goes before. */
  get ready(): Promise<MachineReport> {
    return this.#ready.promise;
  }

  /** Tells what happens to one of its processes. */
  attach(process: number, handlers: RemoteHandlers): void {
    this.#processes.set(process, handlers);
  }

  send(message: ToMachine): void {
    this.#wire.send(message);
  }

  close(): void {
    this.#wire.close();
  }

  #handle(message: FromMachine): void {
    if (message.kind === 'hello') return this.#greet(message);
    // Nobody is heard before that.
    if (!this.#info) return this.#wire.close();
    if (message.kind === 'pong') return this.#handlePong(message);
    const handlers = this.#processes.get(message.process);
    if (message.kind === 'message') handlers?.onMessage(message.message);
    else handlers?.onLost(message.why);
  }

  #greet({ proof, nonce, info }: Extract<FromMachine, { kind: 'hello' }>): void {
    if (!isProof(this.#key, this.#nonce, proof)) return this.#wire.close();
    this.#info = info;
    this.#wire.trust();
    this.#wire.send({ kind: 'welcome', proof: prove(this.#key, nonce) });
    this.#wire.send({ kind: 'ping', sentMs: epochMs() });
  }

  #handlePong({ sentMs, clockMs }: Extract<FromMachine, { kind: 'pong' }>): void {
    this.#samples.push({ sentMs, receivedMs: epochMs(), clockMs });
    if (this.#samples.length < SAMPLES) return this.#wire.send({ kind: 'ping', sentMs: epochMs() });
    const offsetMs = offsetOf(this.#samples);
    this.#wire.send({ kind: 'start', offsetMs });
    this.#ready.resolve({ ...this.#info!, offsetMs });
  }

  #handleClose(): void {
    this.#ready.reject(new Error('The machine is gone'));
    const name = this.#info?.name ?? 'unknown';
    for (const { onLost } of this.#processes.values()) onLost(`the machine ${name} is gone`);
  }
}
