import type { IceServer } from '@tribune/shared/protocol.ts';
import { SignalingError, type SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { Device } from 'mediasoup-client';

/** What media work needs of the connection of the moment; it outlives any one connection. */
export interface MediaContext {
  readonly request: SignalingClient['request'];
  /** Is there a connection to ask over? */
  isConnected(): boolean;
  /** Media has stopped, so the network may be gone: makes sure that the connection is alive. */
  probeConnection(): void;
  /** @throws {SignalingError} `UNAVAILABLE` before the first connection. */
  getDeviceOrThrow(): Device;
  /** As the server said last: with this answer, or with the ticket. */
  getIceServers(newer?: readonly IceServer[]): RTCIceServer[];
}

/** Did the server refuse, in a way that asking again in the same words would not mend? */
export function isRefusal(error: unknown): boolean {
  return error instanceof SignalingError && !['UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED'].includes(error.code);
}

/** As a browser takes them. */
export function toIceServers(iceServers: readonly IceServer[]): RTCIceServer[] {
  return iceServers.map(({ urls, ...rest }) => ({ ...rest, urls: typeof urls === 'string' ? urls : [...urls] }));
}
