import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectHeard } from './support/expectHeard.ts';
import { RealRoom } from './support/RealRoom.ts';
import { TestServer } from './support/TestServer.ts';

/** Several reports of the node that has taken the stage, and less than a handover lasts. */
const REPORTED_MS = 2200;

describe('a stage that moves', () => {
  let home: TestServer;
  let other: TestServer;
  let room: RealRoom;
  beforeAll(async () => {
    home = await TestServer.createFirstNode();
    other = await home.addNode();
    room = await RealRoom.create(home);
    await room.speak(room.host);
  });
  afterAll(async () => {
    await room?.close();
    await other?.close();
    await home?.close();
  });

  it('[CL23] is heard where it goes to until its voices have followed, however long they take', async () => {
    const lea = await other.createPeer('lea');
    const { media } = await other.admit(lea, room.roomId);
    if (media.kind !== 'new') throw new Error(`media is ${media.kind}`);
    const ear = await room.listen(lea, media);
    await expectHeard(ear, room.host);
    const [there, here] = [other, home].map((node) => node.server.rooms.rooms.get(room.roomId));
    const { nodes } = (await (await fetch(`${other.origin}/cluster`)).json()) as {
      nodes: { id: string; url: string }[];
    };
    await here!.release(nodes.find(({ url }) => url === other.origin)!.id);
    await expect.poll(() => there!.home.kind, { timeout: 2000 }).toBe('here');
    // The host says goodbye here, and is not there yet: what they say goes on to reach the old home.
    await room.host.until(() => room.host.disconnection === 'moved');
    room.host.leave();
    await sleep(REPORTED_MS);
    await expectHeard(ear, room.host);
    expect(here!.home.kind).toBe('handingOver');
  });
});
