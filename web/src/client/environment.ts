import type { HandshakeAuth } from '@tribune/shared/schemas.ts';
import type { SignalingSocket } from '@tribune/shared/SignalingClient.ts';
import type { Device } from 'mediasoup-client';
import { io } from 'socket.io-client';
import { socketAddress } from '@tribune/shared/socketAddress.ts';
import { linkTo } from './basePath.ts';
import { loadChunk } from './loadChunk.ts';

/** What the client takes from the browser and from the network; tests bring their own. */
export interface Environment {
  createDevice(): Promise<Device>;
  /**
   * A socket that connects only when told, and never again by itself.
   * @param url of the server; null is the one that the page is from.
   * @param onOpen called when the WebSocket opens, before the server has said anything.
   */
  createSocket(url: string | null, auth: HandshakeAuth, onOpen: () => void): SignalingSocket;
}

export const browserEnvironment: Environment = {
  // Loaded while the ticket is on its way.
  async createDevice() {
    const { Device } = await loadChunk(() => import('mediasoup-client'), { attempts: 3 });
    return new Device();
  },
  createSocket(url, auth, onOpen) {
    const { origin, path } = socketAddress(url ?? linkTo('/'));
    const socket = io(origin, {
      path,
      auth,
      transports: ['websocket'],
      reconnection: false,
      autoConnect: false,
      forceNew: true,
    });
    socket.io.on('open', onOpen);
    return socket;
  },
};
