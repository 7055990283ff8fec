/** Far more than is said to anybody between a ping and its answer, and little beside what the kernel keeps for a connection. */
const MAX_WAITING_BYTES = 128 * 1024;

/** What is used of a connection of Engine.IO. */
interface Connection {
  /** Not yet handed to the kernel, because what was before it is not yet read at the other end. */
  readonly writeBuffer: readonly { readonly data?: unknown }[];
  on(event: 'heartbeat', listener: () => void): void;
  close(discard: boolean): void;
}

/**
 * Closes a connection for which more and more waits. Whoever reads nothing does not see the ping either, and is gone after its timeout; a
 * client that answers all the same would have the server keep everything for it. An honest one has read, when it answers a ping, all
 * that was before.
 */
export function limitWaiting(connection: Connection, onClose: () => void): void {
  connection.on('heartbeat', () => {
    const bytes = connection.writeBuffer.reduce((sum, { data }) => sum + sizeOf(data), 0);
    if (bytes <= MAX_WAITING_BYTES) return;
    onClose();
    connection.close(true);
  });
}

function sizeOf(data: unknown): number {
  return typeof data === 'string' || data instanceof Uint8Array ? data.length : 0;
}
