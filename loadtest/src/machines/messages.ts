import { createHmac, timingSafeEqual } from 'node:crypto';

/** Both sides have to be the same version of the load test. */
export const WIRE_VERSION = 2;

/** What a machine says of itself. */
export interface MachineInfo {
  readonly name: string;
  readonly cores: number;
  /** Processes that run listeners there. */
  readonly processes: number;
}

/** A call to one of the machine's processes, or its answer, as birpc writes it. */
interface ProcessMessage {
  readonly kind: 'message';
  readonly process: number;
  readonly message: unknown;
}

/** From the coordinator. Each side proves that it has the key, and neither sends it: HMAC-SHA-256 of what the other drew. */
export type ToMachine =
  | { readonly kind: 'challenge'; readonly version: number; readonly nonce: string }
  | { readonly kind: 'welcome'; readonly proof: string }
  | { readonly kind: 'ping'; readonly sentMs: number }
  | { readonly kind: 'start'; readonly offsetMs: number }
  | ProcessMessage;

/** From a machine that has joined. */
export type FromMachine =
  | { readonly kind: 'hello'; readonly proof: string; readonly nonce: string; readonly info: MachineInfo }
  | { readonly kind: 'pong'; readonly sentMs: number; readonly clockMs: number }
  | ProcessMessage
  | { readonly kind: 'lost'; readonly process: number; readonly why: string };

export function prove(key: string, nonce: string): string {
  return createHmac('sha256', key).update(nonce).digest('base64url');
}

/** In constant time. */
export function isProof(key: string, nonce: string, proof: unknown): boolean {
  const expected = Buffer.from(prove(key, nonce));
  const given = Buffer.from(typeof proof === 'string' ? proof : '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
