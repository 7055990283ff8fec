import type { CloseReason } from '@tribune/shared/errors.ts';
import type { PeerLink } from '../rooms/Peer.ts';
import type { TribuneSocket } from './SignalingServer.ts';

const CONSUMER_ACK_TIMEOUT_MS = 5000;
/** Time for the reason to reach the client before the socket is cut. */
const CLOSE_DELAY_MS = 200;

/** One socket as rooms see it. Closing it is idempotent: the first reason counts. */
export function createLink(
  socket: TribuneSocket,
  stageChannel: string,
  onClose: (reason: CloseReason) => void,
): PeerLink {
  let closed = false;
  return {
    notify: (name, ...data) => void socket.emit(name, ...(data as never)),
    announceConsumer: async (consumer) => {
      await socket.timeout(CONSUMER_ACK_TIMEOUT_MS).emitWithAck('consumer:created', consumer);
    },
    setOnStage: (onStage) => void (onStage ? socket.join(stageChannel) : socket.leave(stageChannel)),
    get isClosing() {
      return closed;
    },
    close: (reason) => {
      if (closed) return;
      closed = true;
      onClose(reason);
      socket.emit('closed', { reason });
      setTimeout(() => socket.disconnect(true), CLOSE_DELAY_MS);
    },
  };
}
