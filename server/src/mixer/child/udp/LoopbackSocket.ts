export const LOOPBACK = '127.0.0.1';
/** More datagrams than this in the time of one packet of the mix are a flood. */
export const MAX_WAITING = 2048;

/** @param arrivalMs when the datagram came, by `performance.now()` */
export type TakeDatagram = (datagram: Buffer, arrivalMs: number) => void;

/**
 * A UDP port on the loopback that keeps what comes until it is asked for it, so that a process need not wake up for each datagram.
 */
export interface LoopbackSocket {
  readonly port: number;
  /** Hands over all that came since the last call, in the order of coming. What `take` throws ends that, and the rest may be lost. */
  drain(take: TakeDatagram): void;
  /** Sends to another port of the loopback; the caller may write over the datagram afterwards. What cannot be sent is lost: receivers are made for loss. */
  send(datagram: Buffer, port: number): void;
  /** A closed socket has nothing and sends nothing. */
  close(): void;
}
