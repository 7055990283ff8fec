import type { TransportInfo } from '@tribune/shared/protocol.ts';
import { SignalingError, type SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { Device } from 'mediasoup-client';
import type { Transport } from 'mediasoup-client/types';

/** What media work needs of the connection of the moment; it outlives any one connection. */
export interface MediaContext {
  readonly request: SignalingClient['request'];
  /** Is there a connection to ask over? */
  isConnected(): boolean;
  /** Media have stopped, so perhaps the network has: makes sure that the connection is alive. */
  doubt(): void;
  /** @throws {SignalingError} `UNAVAILABLE` before the first connection. */
  getDeviceOrThrow(): Device;
  getIceServers(): RTCIceServer[];
}

/** Builds the client's side of a transport of the server; connects with the first stream. */
export function createTransport(context: MediaContext, direction: 'send' | 'recv', info: TransportInfo): Transport {
  const device = context.getDeviceOrThrow();
  const options = { ...info, iceServers: context.getIceServers() };
  const transport = direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options);
  transport.on('connect', ({ dtlsParameters }, done, fail) => {
    context.request('transport:connect', { transportId: info.id, dtlsParameters }).then(() => done(), fail);
  });
  return transport;
}

/** Did the server refuse, in a way that asking again in the same words would not mend? */
export function isRefusal(error: unknown): boolean {
  return error instanceof SignalingError && !['UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED'].includes(error.code);
}
