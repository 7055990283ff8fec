import { describe, expect, it, vi } from 'vitest';
import type { RoomClient } from '../RoomClient.ts';
import { type FakeServer, aConsumer, aMedia } from '../testing/FakeServer.ts';
import { pass, setUpRoom } from '../testing/setUpRoom.ts';

let server: FakeServer;
let client: RoomClient;

const heard = () => {
  const audio = document.querySelector<HTMLAudioElement>('[data-testid="room-audio"]');
  return (audio?.srcObject as MediaStream | null)?.getTracks() ?? [];
};

/** Hears one stream, and has another on its way. */
async function replace() {
  server.media = { kind: 'new', ...aMedia(aConsumer()) };
  void client.join();
  await vi.waitFor(() => expect(client.getConnection().kind).toBe('joined'));
  await pass();
  const before = server.transport('recv')!;
  before.handler.setConnectionState('connected');
  const [oldTrack] = heard();
  server.answers.set('media:start', () => aMedia(aConsumer()));
  server.socket.notify('media:restart', { withinMs: 0 });
  await pass(100);
  return { before, oldTrack, next: server.transport('recv')! };
}

setUpRoom((room) => ({ server, client } = room));

describe('what is heard, while it is replaced', () => {
  it('plays on until the new transport is connected, and is one stream at every moment', async () => {
    const { before, oldTrack, next } = await replace();
    expect(next.transport).not.toBe(before.transport);
    expect(before.transport.closed).toBe(false);
    expect(heard()).toEqual([oldTrack]);
    next.handler.setConnectionState('connected');
    await pass(1000);
    expect(before.transport.closed).toBe(true);
    expect(heard()).toHaveLength(1);
    expect(heard()[0]).not.toBe(oldTrack);
  });

  it('stays when the new transport fails, and another is asked for', async () => {
    const { before, oldTrack, next } = await replace();
    next.handler.setConnectionState('failed');
    // A transport that has not been connected yet is given ten seconds.
    await pass(12_000);
    expect(next.transport.closed).toBe(true);
    expect(before.transport.closed).toBe(false);
    expect(heard()).toEqual([oldTrack]);
    expect(server.count('media:start')).toBeGreaterThan(1);
  });

  it('is the new stream at once when the old one is dead', async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    void client.join();
    await vi.waitFor(() => expect(client.getConnection().kind).toBe('joined'));
    await pass();
    const before = server.transport('recv')!;
    before.handler.setConnectionState('connected');
    before.handler.setConnectionState('failed');
    server.answers.set('media:start', () => aMedia(aConsumer()));
    server.socket.notify('media:restart', { withinMs: 0 });
    await pass(100);
    expect(before.transport.closed).toBe(true);
    expect(heard()).toHaveLength(1);
  });

  it('ends with the consumer that the server closes, before another is there', async () => {
    const mix = aConsumer('user-host-1', { userId: null });
    server.media = { kind: 'new', ...aMedia(mix) };
    void client.join();
    await vi.waitFor(() => expect(client.getConnection().kind).toBe('joined'));
    await pass();
    server.socket.notify('consumer:closed', { consumerId: mix.id });
    await pass();
    expect(heard()).toHaveLength(0);
  });
});
