import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestServer } from './support/TestServer.ts';

/** The wall clock of a machine is set, or is not that of the others. Whoever waits for anything goes by a clock that nobody sets. */

const HOURS_MS = 3_600_000;

describe.each([
  ['forward', 2 * HOURS_MS],
  ['back', -2 * HOURS_MS],
])('while the clock of a node is set %s by hours', (_direction, stepMs) => {
  let server: TestServer;
  beforeEach(async () => {
    server = await TestServer.create({ STAGE_GRACE_S: '3', EMPTY_ROOM_S: '4', LEADERLESS_ROOM_S: '60' });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await server.close();
  });

  function step(): void {
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + stepMs);
  }

  it('[CL24] pulses come, tickets are good, places are kept for their grace and no longer, and the room goes on', async () => {
    const { room, host } = await server.createRoom();
    await host.request('room:goLive');
    const [ann, bob] = await server.joinAll(room.id, 'ann', 'bob');
    await ann!.request('hand:raise');
    await host.request('hand:approve', { userId: ann!.userId });
    const ticket = await bob!.api.createTicket(room.id);

    step();
    bob!.leave();
    await bob!.connect(ticket);
    bob!.forget();
    await bob!.until(() => bob!.all('room:pulse').length >= 2, 'pulses');

    const cutMs = performance.now();
    ann!.cut();
    await host.until(() => host.member(ann!.userId)?.away === true, 'the absence');
    await host.until(() => host.member(ann!.userId) === undefined, 'the end of the grace');
    expect(performance.now() - cutMs).toBeGreaterThan(2500);
    await ann!.join(room.id);
    await ann!.request('hand:raise');
    await host.request('hand:approve', { userId: ann!.userId });
    // Who comes later stands later, whatever their clock says.
    expect(host.state.stage.map(({ name }) => name)).toEqual(['host', 'ann']);

    for (const peer of [host, ann!, bob!]) peer.leave();
    await expect
      .poll(async () => (await (await server.createApi('x')).api.getRoom(room.id)).phase, { timeout: 12_000 })
      .toBe('ended');
  });

  it('[CL24] the clock is said to be wrong within 5 s', async () => {
    step();
    const aheadMs = async () => {
      const { nodes } = (await (await fetch(`${server.origin}/cluster`)).json()) as {
        nodes: { clockAheadMs: number }[];
      };
      return Math.sign(nodes[0]!.clockAheadMs) * Math.floor(Math.abs(nodes[0]!.clockAheadMs) / HOURS_MS + 0.01);
    };
    await expect.poll(aheadMs, { timeout: 5000 }).toBe(stepMs / HOURS_MS);
  });
});
