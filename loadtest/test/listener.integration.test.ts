import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '@tribune/server/test/support/TestServer.ts';
import type { TestPeer } from '@tribune/server/test/support/TestPeer.ts';
import { createGuard } from '../src/guard.ts';
import { Listener } from '../src/people/Listener.ts';
import { Speaker } from '../src/people/Speaker.ts';
import { encodeSpeech, type SpeechFrame } from '../src/media/speech.ts';

const guard = createGuard(false);

let server: TestServer;
let frames: readonly SpeechFrame[];
let closing: { close(): void }[] = [];

beforeAll(async () => {
  frames = await encodeSpeech(new URL('../../e2e/fixtures/speech.wav', import.meta.url));
  server = await TestServer.create();
});

afterAll(async () => {
  await server?.close();
});

afterEach(() => {
  for (const one of closing) one.close();
  closing = [];
});

async function createListener(roomId: string): Promise<Listener> {
  const { api } = await server.createApi('listener');
  const listener = new Listener({ name: 'listener', api, origin: server.origin, roomId, guard });
  closing.push(listener);
  return listener;
}

/** Someone invited on stage by `host`, who speaks for real. */
async function createSpeaker(roomId: string, host: TestPeer): Promise<Speaker> {
  const { api, userId } = await server.createApi('speaker');
  const speech = { frames, firstFrame: 0 };
  const options = { name: 'speaker', api, origin: server.origin, roomId, guard, speech };
  const speaker = new Speaker({ ...options, isOpen: true, onLost: () => undefined });
  closing.push(speaker);
  await speaker.enter();
  await speaker.acceptInvitation(async () => host.request('stage:invite', { userId }));
  await speaker.speak();
  return speaker;
}

describe('a simulated listener', () => {
  it('fails as "no-audio" where the mix stands still', async () => {
    const { room, host } = await server.createRoom();
    await host.request('room:goLive');
    // Opens the mix; a mixer that is stopped would not.
    await (await createListener(room.id)).join();
    // A mixer that hangs is replaced after some seconds: so is it stopped again.
    const stopped = new Set<number>();
    const stop = (): void => {
      const [pid] = server.server.mixer.pids;
      if (pid === undefined || stopped.has(pid)) return;
      process.kill(pid, 'SIGSTOP');
      stopped.add(pid);
    };
    stop();
    const stopping = setInterval(stop, 5);
    const listener = await createListener(room.id);
    await listener.join().finally(() => {
      clearInterval(stopping);
      process.kill(server.server.mixer.pids[0]!, 'SIGCONT');
    });
    expect(listener.state).toEqual({ kind: 'failed', reason: 'no-audio' });
    expect(listener.joinMs).toBeGreaterThan(0);
    expect(listener.ttfaMs).toBeNull();
  });

  it('waits outside a room that is backstage, and hears it once it is live', async () => {
    const { room, host } = await server.createRoom();
    await createSpeaker(room.id, host);
    const listener = await createListener(room.id);
    const joined = listener.join();
    await expect.poll(async () => (await host.api.getRoom(room.id)).listeners, { interval: 20 }).toBe(1);
    await expect.poll(() => listener.state.kind).toBe('waiting');
    const liveMs = performance.now();
    listener.goLive(liveMs);
    await host.request('room:goLive');
    await joined;
    expect(listener.state).toEqual({ kind: 'listening' });
    expect(listener.ttfaMs).toBeLessThanOrEqual(performance.now() - liveMs);
    expect(listener.mediaRestarts).toBe(1);
  });

  it('hears the same stream, and no other, when a second speaker comes on stage', async () => {
    const { room, host } = await server.createRoom();
    await createSpeaker(room.id, host);
    await host.request('room:goLive');
    const listener = await createListener(room.id);
    await listener.join();
    await createSpeaker(room.id, host);
    const { received } = listener.counts();
    await expect.poll(() => listener.counts().received - received, { timeout: 5000 }).toBeGreaterThan(30);
    const counts = listener.counts();
    expect(counts.expected).toBe(counts.received);
    expect(listener.mediaRestarts).toBe(0);
  });

  it('fails with the code of a refusal', async () => {
    const { room, host } = await server.createRoom();
    await host.api.endRoom(room.id);
    const listener = await createListener(room.id);
    await listener.join();
    expect(listener.state).toEqual({ kind: 'failed', reason: 'ticket:ROOM_ENDED' });
  });

  it('fails with the reason for which it was sent away', async () => {
    const { room, host } = await server.createRoom();
    await createSpeaker(room.id, host);
    await host.request('room:goLive');
    const listener = await createListener(room.id);
    await listener.join();
    await host.request('room:end');
    await expect.poll(() => listener.state, { timeout: 3000 }).toEqual({ kind: 'failed', reason: 'socket:ended' });
  });
});
