import { Socket as NetSocket } from 'node:net';
import koffi from 'koffi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const LISTENERS = 60;
const TCP_PROBES_WITHIN_MS = 25_000;
const NAME = '\u{1F989}'.repeat(40);

/** What is used of the client's engine of Socket.IO. */
interface Engine {
  readonly transport: { readonly ws: { readonly _socket: WithHandle } };
  _pingTimeoutTime: number;
  readonly _pingTimeoutTimer: NodeJS.Timeout;
  _sendPacket(type: 'pong'): void;
}

type WithHandle = NetSocket & { readonly _handle: { readonly fd: number } };

/** A line that stands still, at both ends of which the kernel keeps next to nothing: on loopback it would keep megabytes. */
function stall(peer: TestPeer): void {
  const engine = engineOf(peer);
  const { _socket: near } = engine.transport.ws;
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const far = handles.find((it): it is WithHandle => it instanceof NetSocket && it.remotePort === near.localPort);
  const setsockopt = koffi.load(null).func('int setsockopt(int fd, int level, int name, int *value, uint32_t length)');
  expect(setsockopt(near._handle.fd, SOL_SOCKET, SO_RCVBUF, [1024], 4)).toBe(0);
  expect(setsockopt(far!._handle.fd, SOL_SOCKET, SO_SNDBUF, [1024], 4)).toBe(0);
  peer.freeze();
  // It would notice by itself that no ping comes.
  clearTimeout(engine._pingTimeoutTimer);
  engine._pingTimeoutTime = Infinity;
}

function engineOf(peer: TestPeer): Engine {
  return peer.socket.io.engine as unknown as Engine;
}

describe.runIf(process.platform === 'linux')('a line that stands still', () => {
  let server: TestServer;
  let host: TestPeer;
  let cohost: TestPeer;
  let listeners: TestPeer[];
  let roomId: string;
  beforeAll(async () => {
    server = await TestServer.create();
    const created = await server.createRoom();
    ({
      host,
      room: { id: roomId },
    } = created);
    [cohost] = (await server.joinAll(roomId, 'cohost')) as [TestPeer];
    listeners = await server.joinAll(roomId, ...Array.from({ length: LISTENERS }, () => NAME));
  });
  afterAll(async () => server.close());

  const closesForAbuse = async () =>
    Number(
      /^tribune_closes_total\{reason="abuse"\} (\d+)/m.exec(
        await (await fetch(`${server.origin}/metrics`)).text(),
      )?.[1] ?? 0,
    );

  it('[AB19] is given up though it answers pings, and others go on as before', async () => {
    expect(listeners).toHaveLength(LISTENERS);
    await cohost.request('hand:raise');
    stall(host);
    const asking = setInterval(() => host.socket.emit('audience:list', {}, () => undefined), 100);
    const answering = setInterval(() => engineOf(host)._sendPacket('pong'), 200);
    try {
      await expect.poll(closesForAbuse, { timeout: 20_000, interval: 200 }).toBe(1);
    } finally {
      clearInterval(asking);
      clearInterval(answering);
    }
    await cohost.until(() => cohost.member(host.userId)?.away === true, 'the host to be away');
    await cohost.request('hand:lower');
    await listeners[0]!.request('hand:raise');
  });

  it('comes back to its place once it moves again', async () => {
    engineOf(host).transport.ws._socket.resume();
    // TCP asks a line that stood still less and less often whether it moves.
    await host.until(() => host.disconnection !== null, 'the cut', TCP_PROBES_WITHIN_MS);
    expect(host.disconnection).toBe('lost');
    const { snapshot } = await host.join(roomId);
    expect(snapshot.self.role).toBe('host');
  });
});
