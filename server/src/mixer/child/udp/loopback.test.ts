import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindLoopback, NodeLoopbackSocket } from './bindLoopback.ts';
import { bindUdp } from './bindUdp.ts';
import { LOOPBACK, MAX_WAITING, type LoopbackSocket } from './LoopbackSocket.ts';
import { loadNativeUdp } from './nativeUdp.ts';

const native = await loadNativeUdp();
const bindNode = async (port: number) => new NodeLoopbackSocket(await bindUdp(LOOPBACK, port));

it.runIf(process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch))(
  'the kernel is asked when datagrams came where it can be',
  () => expect(native).not.toBeNull(),
);

describe.each([
  ['by the kernel', bindLoopback],
  ['by Node', bindNode],
])('a port of the loopback, read %s', (_, bind) => {
  let [one, other]: LoopbackSocket[] = [];
  beforeEach(async () => {
    [one, other] = [await bind(0), await bind(0)];
  });
  afterEach(() => {
    one!.close();
    other!.close();
  });

  /** What the other socket has, once it has so many. */
  async function receive(count: number): Promise<{ datagram: Buffer; arrivalMs: number }[]> {
    const received: { datagram: Buffer; arrivalMs: number }[] = [];
    await expect
      .poll(() => {
        other!.drain((datagram, arrivalMs) => received.push({ datagram, arrivalMs }));
        return received.length;
      })
      .toBeGreaterThanOrEqual(count);
    return received;
  }

  it('gives datagrams whole, in the order of coming, more of them than are read at once', async () => {
    for (let n = 0; n < 150; n++) one!.send(Buffer.alloc(n, n), other!.port);
    const received = await receive(150);
    expect(received.map(({ datagram }) => datagram)).toEqual(
      Array.from({ length: 150 }, (__, n) => Buffer.alloc(n, n)),
    );
  });

  it('keeps what it gave, whatever comes afterwards', async () => {
    one!.send(Buffer.from('first'), other!.port);
    const [first] = await receive(1);
    one!.send(Buffer.from('other'), other!.port);
    await receive(1);
    expect(first!.datagram.toString()).toBe('first');
  });

  it('tells when a datagram came, and not when it was asked for', async () => {
    const beforeMs = performance.now();
    one!.send(Buffer.of(1), other!.port);
    // Node takes the time down when it reads the socket, which it does while nobody asks.
    await new Promise((resolve) => setTimeout(resolve, 10));
    const sentMs = performance.now();
    while (performance.now() < sentMs + 50);
    const [received] = await receive(1);
    expect(received!.arrivalMs).toBeGreaterThan(beforeMs - 1);
    expect(received!.arrivalMs).toBeLessThan(sentMs + 1);
  });

  it('survives datagrams for nobody, a flood, and its own end', async () => {
    const closed = await bind(0);
    closed.close();
    for (let n = 0; n < 3; n++) one!.send(Buffer.of(n), closed.port);
    for (let n = 0; n < MAX_WAITING * 2; n++) one!.send(Buffer.alloc(1400), other!.port);
    one!.send(Buffer.alloc(20_000), other!.port);
    await receive(1);
    one!.close();
    one!.send(Buffer.of(1), other!.port);
    one!.drain(() => expect.unreachable());
  });

  it('says that a port is taken as errors of Node do', async () => {
    await expect(bind(one!.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
