import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Takes a UDP port of the loopback as soon as it is free. */
export async function bindSoon(port: number): Promise<Socket> {
  for (;;) {
    const socket = createSocket('udp4');
    const bound = once(socket, 'listening').then(
      () => true,
      () => false,
    );
    socket.bind(port, '127.0.0.1');
    if (await bound) return socket;
    socket.close();
    await sleep(1);
  }
}
