import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestServer } from './support/TestServer.ts';

describe('a cluster that cannot work as it is set up', () => {
  let first: TestServer;
  let second: TestServer | null;
  beforeEach(async () => {
    first = await TestServer.createFirstNode({ SECRET: 'the secret of the first node, long enough' });
    second = null;
  });
  afterEach(async () => {
    await second?.close();
    await first.close();
  });

  async function read(server: TestServer | null, path: string): Promise<{ status: number; body: object }> {
    const response = await fetch(`${server?.origin}/${path}`);
    return { status: response.status, body: (await response.json()) as object };
  }

  it('a node whose SECRET differs says so, gives no tickets and is sent nobody; the others go on', async () => {
    const { room } = await first.createRoom();
    second = await first.addNode({ SECRET: 'another secret, by some mistake, long enough' });
    const problem = expect.stringContaining('SECRET') as string;
    await expect
      .poll(async () => read(second, 'readyz'), { timeout: 5000 })
      .toMatchObject({ status: 503, body: { reason: problem } });
    expect(await read(second, 'cluster')).toMatchObject({ body: { problem } });
    expect(await read(first, 'readyz')).toMatchObject({ status: 200 });
    const { api } = await second.createApi('lost');
    await expect(api.createTicket(room.id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(api.createRoom({ title: 'A room' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const people = await first.joinAll(room.id, 'ann', 'bob', 'cat', 'dan', 'eve');
    expect(people.map(({ self }) => self.role)).toEqual(people.map(() => 'listener'));
  });

  it('nodes that keep recordings in different places say so, and record nothing', async () => {
    const { host } = await first.createRoom();
    const folder = await mkdtemp(join(tmpdir(), 'tribune-other-'));
    second = await first.addNode({ DATA_DIR: folder });
    const problem = expect.stringContaining('DATABASE_URL') as string;
    for (const node of [first, second])
      await expect
        .poll(async () => read(node, 'cluster'), { timeout: 5000 })
        .toMatchObject({ body: { archive: { cluster: problem } } });
    await expect(host.request('recording:start')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const { host: later } = await second.createRoom();
    expect(later.state.recordingPolicy).toBe('off');
    await rm(folder, { recursive: true });
  });

  it('a node whose name another one has says so, and is no part of them', async () => {
    const { nodeId } = (await read(first, 'cluster')).body as { nodeId: string };
    second = await first.addNode({ NODE_ID: nodeId });
    const problem = expect.stringContaining(`named ${nodeId}`) as string;
    await expect
      .poll(async () => read(second, 'readyz'), { timeout: 5000 })
      .toMatchObject({ status: 503, body: { reason: problem } });
    expect(await read(second, 'cluster')).toMatchObject({ body: { problem } });
    expect(await read(first, 'readyz')).toMatchObject({ status: 200 });
    // Longer than a crashed process is missed: until then it may be the same one that comes back.
    const { room } = await first.createRoom();
    const lost = await second.createPeer('lost');
    await expect.poll(async () => lost.refusal(lost.api.createTicket(room.id)), { timeout: 8000 }).toBe('UNAVAILABLE');
    await expect(lost.api.createRoom({ title: 'A room' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
