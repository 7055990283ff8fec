import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** Binds a port. @throws {Error} with the code EADDRINUSE when another socket has it */
type Bind<S> = (port: number) => Promise<S>;

/** A second of a full stage; what the kernel does not allow, it cuts by itself. */
export const SOCKET_BUFFER_BYTES = 1024 * 1024;
const RANDOM_ATTEMPTS = 50;
/** The port of a process that was killed is free again in no time. */
const SAME_PORT_ATTEMPTS = 10;
const SAME_PORT_RETRY_MS = 50;

/** Binds this port; tried for half a second. @throws {Error} with the code EADDRINUSE when another socket has it */
export async function bindPort<S>(bind: Bind<S>, port: number): Promise<S> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await bind(port);
    } catch (error) {
      if (!isPortTaken(error) || attempt === SAME_PORT_ATTEMPTS) throw error;
      await sleep(SAME_PORT_RETRY_MS);
    }
  }
}

/** Binds a free port of a range. @throws {Error} when none is found */
export async function bindInRange<S>(bind: Bind<S>, { min, max }: PortRange): Promise<S> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await bind(randomInt(min, max + 1));
    } catch (error) {
      if (!isPortTaken(error) || attempt === RANDOM_ATTEMPTS) throw error;
    }
  }
}

export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** Binds a socket of Node's. @throws {Error} with the code EADDRINUSE when another socket has the port */
export async function bindUdp(address: string, port: number): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
  });
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
