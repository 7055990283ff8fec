import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeDtlsParameters } from './support/rtpParameters.ts';
import { TestServer } from './support/TestServer.ts';

const NAMES = ['ann', 'bob', 'cat'];

describe('a node whose media does not get through', () => {
  let gray: TestServer;
  let other: TestServer;
  beforeEach(async () => {
    gray = await TestServer.createFirstNode();
  });
  afterEach(async () => {
    await other?.close();
    await gray.close();
  });

  it('is sent nobody within 10 s of the first who hear nothing, says why, and still gives tickets', async () => {
    const { room, host } = await gray.createRoom();
    const silent = await gray.joinAll(room.id, ...NAMES);
    await host.request('room:goLive');
    other = await gray.addNode();
    for (const peer of silent) {
      const { recv } = await peer.request('media:start');
      await peer.request('transport:connect', { transportId: recv.id, dtlsParameters: fakeDtlsParameters() });
    }
    const nodeId = await idOf(gray);
    const seen = async () => (await viewOf(other)).nodes.find(({ id }) => id === nodeId);
    await expect.poll(seen, { timeout: 10_000 }).toMatchObject({ accepting: false, reason: 'media' });
    expect(await read(gray, 'readyz')).toMatchObject({ status: 'ok', notAccepting: 'media' });
    expect(await (await fetch(`${gray.origin}/metrics`)).text()).toMatch(/^tribune_node_accepting 0$/m);
    for (const name of ['dan', 'eve', 'fay', 'gil', 'hal']) {
      const { api } = await gray.createApi(name);
      expect(await api.createTicket(room.id)).toMatchObject({ url: other.origin });
    }
  });
});

interface View {
  readonly nodeId: string;
  readonly nodes: readonly { readonly id: string; readonly reason: string | null }[];
}

async function read({ origin }: TestServer, path: string): Promise<unknown> {
  return (await fetch(`${origin}/${path}`)).json();
}

async function viewOf(server: TestServer): Promise<View> {
  return (await read(server, 'cluster')) as View;
}

async function idOf(server: TestServer): Promise<string> {
  return (await viewOf(server)).nodeId;
}
