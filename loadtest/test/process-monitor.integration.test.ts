import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ProcessMonitor } from '../src/ProcessMonitor.ts';

/** More than a socket has room for, at once. */
const FLOOD = `
const socket = require('node:dgram').createSocket('udp4');
const packet = Buffer.alloc(1400);
let left = 2000;
const send = () => socket.send(packet, Number(process.argv[1]), '127.0.0.1', () => (--left > 0 ? send() : socket.close()));
send();
`;
/** Has a socket and never reads from it again. */
const BUSY = `
const socket = require('node:dgram').createSocket('udp4').bind(0, '127.0.0.1', () => {
  process.stdout.write(socket.address().port + '\\n', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
`;

describe('what the kernel dropped for the load test', () => {
  let own: Socket;
  let other: ChildProcess | undefined;
  const flood = async (port: number) => once(spawn(process.execPath, ['-e', FLOOD, String(port)]), 'exit');
  afterEach(() => {
    own.close();
    other?.kill('SIGKILL');
  });

  it('is what it read too late itself, and not what somebody else on this machine did', async () => {
    own = createSocket('udp4').bind(0, '127.0.0.1');
    await once(own, 'listening');
    const busy = spawn(process.execPath, ['-e', BUSY], { stdio: ['ignore', 'pipe', 'inherit'] });
    other = busy;
    const [port] = (await once(busy.stdout, 'data')) as [Buffer];
    const monitor = new ProcessMonitor();
    await monitor.start();
    await flood(Number(port));
    expect((await monitor.stop()).udpDropped).toBe(0);

    await monitor.start();
    const flooding = spawn(process.execPath, ['-e', FLOOD, String(own.address().port)]);
    const ended = once(flooding, 'exit');
    // Reads nothing while it comes.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    await ended;
    expect((await monitor.stop()).udpDropped).toBeGreaterThan(0);
  });
});
