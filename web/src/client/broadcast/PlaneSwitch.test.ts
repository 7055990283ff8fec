import type { LiveRoom } from '@tribune/shared/live.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { saveSession } from '../session.ts';
import type { RoomClient } from '../RoomClient.ts';
import { aConsumer, aMedia, refuse, type FakeServer } from '../testing/FakeServer.ts';
import { pass, setUpRoom } from '../testing/setUpRoom.ts';
import type { Notice } from '../../state/types.ts';
import { aRoom, aSelf, aSnapshot, aState, HOST_ID, SELF_ID } from '../../state/testing/rooms.ts';

function aLiveRoom(changes: Partial<LiveRoom> = {}): LiveRoom {
  const beacon = { everyS: 20, part: 1 };
  return { room: aRoom(), state: aState(), faces: [], speaking: [], reactions: {}, endsInS: null, beacon, ...changes };
}

let server: FakeServer;
let client: RoomClient;
/** So many sounds were made. */
let sounds = 0;

const plane = () => client.getView()?.plane;
const aPlace = (place: number) => ({ place, estimateS: null, retryAfterS: 2, plane: 'http' }) as const;

/** What plays nothing: of jsdom's media there is no more than elements. */
class SilentMediaSource extends EventTarget {
  static readonly isTypeSupported = () => true;
}

setUpRoom(
  (room) => ({ server, client } = room),
  () => {
    vi.stubGlobal('MediaSource', SilentMediaSource);
    Object.assign(URL, { createObjectURL: () => `blob:sound-${++sounds}`, revokeObjectURL: () => undefined });
    Object.defineProperty(HTMLMediaElement.prototype, 'load', { value: () => undefined, configurable: true });
  },
);

beforeEach(() => {
  sounds = 0;
  saveSession({ token: 'token', user: { userId: SELF_ID, name: 'Sam' } });
  server.live = aLiveRoom({ room: aRoom({ listeners: 300 }), state: aState({ seq: 5 }) });
});

describe('in the queue', () => {
  beforeEach(async () => {
    server.places.push(aPlace(12), aPlace(4));
    void client.join();
    await pass(100);
  });

  it('one is in the room over HTTP, with its stage and its counts, and without a socket', () => {
    expect(client.getConnection()).toMatchObject({ kind: 'queued', place: 12 });
    expect(client.getView()).toMatchObject({ listeners: 300, state: { seq: 5 }, self: { role: 'listener' } });
    expect(plane()).toMatchObject({ kind: 'http', cause: 'full' });
    expect(server.liveRequests).toContain('GET stream.mp4');
    expect(server.sockets).toEqual([]);
  });

  it('one keeps one’s place, and moves over by oneself when it comes', async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    await pass(2600);
    expect(client.getConnection()).toMatchObject({ kind: 'queued', place: 4 });
    await pass(3000);
    server.transport('recv')?.handler.setConnectionState('connected');
    await pass(3000);
    expect(client.getConnection()).toEqual({ kind: 'joined' });
    expect(plane()).toEqual({ kind: 'webrtc' });
    const asked = server.liveRequests.length;
    await pass(10_000);
    expect(server.liveRequests.length).toBe(asked);
  });

  it('one sees who speaks and what others send, and is counted', async () => {
    const reactions = vi.fn<(counts: object) => void>();
    client.onReactions(reactions);
    server.live = { ...server.live!, speaking: [HOST_ID], reactions: { heart: 3 } };
    await pass(3000);
    expect(client.isSpeaking(HOST_ID)).toBe(true);
    expect(reactions).toHaveBeenCalledWith({ heart: 3 });
    expect(server.liveRequests.filter((it) => it === 'POST beacon?part=1').length).toBeLessThan(2);
    await pass(2500);
    expect(server.liveRequests).toContain('POST beacon?part=1');
    server.live = { ...server.live, speaking: [] };
    await pass(4000);
    expect(client.isSpeaking(HOST_ID)).toBe(false);
  });

  it('a reaction goes over HTTP', async () => {
    await client.react('clap');
    expect(server.liveRequests).toContain('POST reactions');
    expect(server.requests).toEqual([]);
  });

  it('sound that fails is made anew after a pause', async () => {
    const element = document.querySelector('[data-testid="broadcast-audio"]');
    element?.dispatchEvent(new Event('error'));
    element?.dispatchEvent(new Event('error'));
    await pass(1900);
    expect(sounds).toBe(1);
    await pass(2200);
    expect(sounds).toBe(2);
  });

  it('a hand waits for the place, and is up as soon as it comes', async () => {
    await client.request('hand:raise');
    expect(plane()).toMatchObject({ wantsHand: true });
    await client.request('hand:lower');
    expect(plane()).toMatchObject({ wantsHand: false });
    await client.request('hand:raise');
    expect(server.count('hand:raise')).toBe(0);
    await pass(6000);
    expect(server.count('hand:raise')).toBe(1);
  });
});

describe('a broadcast', () => {
  beforeEach(async () => {
    server.isBroadcast = true;
    void client.join();
    await pass(30_000);
  });

  it('is heard over HTTP, and nobody asks for more', () => {
    expect(plane()).toMatchObject({ kind: 'http', cause: 'broadcast' });
    expect(server.tickets).toBe(1);
  });

  it('gives a place to whoever raises a hand', async () => {
    await client.request('hand:raise');
    await pass(100);
    expect(client.getConnection()).toEqual({ kind: 'joined' });
    expect(server.count('hand:raise')).toBe(1);
  });

  it('tells whoever raised a hand when it is refused after all', async () => {
    const notices = vi.fn<(notice: Notice) => void>();
    client.onNotice(notices);
    server.answers.set('hand:raise', refuse('HANDS_FULL'));
    await client.request('hand:raise');
    await pass(100);
    const error: unknown = expect.objectContaining({ code: 'HANDS_FULL' });
    expect(notices).toHaveBeenCalledWith({ cause: 'refused', error });
  });

  it('gives a place to whoever raises a hand, takes it down and raises it again', async () => {
    const raised = client.request('hand:raise');
    await client.request('hand:lower');
    await raised;
    await client.request('hand:raise');
    await pass(100);
    expect(client.getConnection()).toEqual({ kind: 'joined' });
    expect(server.count('hand:raise')).toBe(1);
  });

  it('is over for everyone when the room ends', async () => {
    server.live = { ...server.live!, state: aState({ seq: 6, phase: 'ended' }) };
    await pass(5000);
    expect(server.tickets).toBe(1);
    expect(client.getConnection()).toEqual({ kind: 'closed', reason: 'ROOM_ENDED' });
    expect(client.getView()?.state.phase).toBe('ended');
  });
});

it('where no socket opens, one hears the room over HTTP, and asks for more less and less often', async () => {
  server.blocksSockets = true;
  void client.join();
  await pass(3000);
  expect(plane()).toMatchObject({ kind: 'http', cause: 'blocked' });
  await pass(120_000);
  expect(client.getConnection().kind).toBe('connecting');
  const { tickets } = server;
  await pass(120_000);
  expect(server.tickets - tickets).toBeLessThan(4);
});

it('where no media gets through, one hears the room over HTTP until it does', async () => {
  server.media = { kind: 'new', ...aMedia(aConsumer()) };
  void client.join();
  await pass(3000);
  expect(client.getConnection()).toEqual({ kind: 'joined' });
  expect(plane()).toMatchObject({ kind: 'http', cause: 'blocked' });
  server.transport('recv')?.handler.setConnectionState('connected');
  await pass(2000);
  expect(plane()).toEqual({ kind: 'webrtc' });
});

it('a hand that is up is taken down over the connection, though no media comes', async () => {
  server.media = { kind: 'new', ...aMedia(aConsumer()) };
  server.snapshot = { ...server.snapshot, self: { ...server.snapshot.self, handPlace: 1 } };
  void client.join();
  await pass(3000);
  expect(plane()).toMatchObject({ kind: 'http', cause: 'blocked' });
  server.socket.disconnect();
  server.refusal = { code: 'UNAVAILABLE', message: '' };
  await pass(1000);
  await expect(client.request('hand:lower')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

it('where nothing answers, the page says so in the end', async () => {
  server.live = null;
  server.refusal = { code: 'UNAVAILABLE', message: '' };
  void client.join();
  await pass(300_000);
  expect(client.getConnection()).toEqual({ kind: 'closed', reason: 'UNAVAILABLE' });
});

it('a step back to HTTP that is called off leaves no broadcast behind', async () => {
  server.snapshot = aSnapshot({ room: aRoom({ isBroadcast: true }) });
  server.media = { kind: 'new', ...aMedia(aConsumer()) };
  void client.join();
  await pass(100);
  server.transport('recv')?.handler.setConnectionState('connected');
  await pass(5000);
  expect(plane()).toEqual({ kind: 'webrtc' });
  expect(server.liveRequests).toEqual([]);
  await pass(8000);
  expect(server.liveRequests).toContain('GET state.json');
  server.socket.notify('self:changed', { self: aSelf({ handPlace: 1 }), cause: 'handPlace', by: null });
  await pass(1000);
  const asked = server.liveRequests.length;
  await pass(20_000);
  expect(server.liveRequests.length).toBe(asked);
  expect(plane()).toEqual({ kind: 'webrtc' });
});
