import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { saveOutput } from './media/outputDevices.ts';
import { RoomClient } from './RoomClient.ts';
import type { FakeBrowser } from './testing/browser.ts';
import { type FakeServer, aConsumer, aMedia, refuse } from './testing/FakeServer.ts';
import { pass, setUpRoom } from './testing/setUpRoom.ts';
import { HOST_ID, SELF_ID, aMember, aSelf, aSnapshot, aSpeakerSnapshot, aState } from '../state/testing/rooms.ts';
import type { Notice } from '../state/types.ts';

let browser: FakeBrowser;
let server: FakeServer;
let client: RoomClient;

const audio = () => document.querySelector<HTMLAudioElement>('[data-testid="room-audio"]');
const heard = () => (audio()?.srcObject as MediaStream | null)?.getTracks().length ?? 0;
const microphone = () => client.getView()?.microphone;

async function join(): Promise<void> {
  void client.join();
  await vi.waitFor(() => expect(client.getConnection().kind).toBe('joined'));
}

/** In the room, on stage, with an open microphone. */
async function speak(): Promise<void> {
  server.snapshot = aSpeakerSnapshot({ muted: true });
  await join();
  await client.checkMicrophone();
  await client.publishMicrophone();
  server.socket.notify('room:state', aSpeakerSnapshot({ muted: false, seq: 2 }).state);
  await pass(2000);
  server.requests.length = 0;
}

setUpRoom((room) => ({ browser, server, client } = room));

describe('entering', () => {
  it('has a view from the welcome on, and never asks a listener for the microphone', async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    expect(client.getView()).toBeNull();
    await join();
    await pass(1000);
    expect(client.getView()).toMatchObject({ self: { role: 'listener' }, microphone: { kind: 'off' } });
    expect(heard()).toBe(1);
    expect(browser.getUserMedia).not.toHaveBeenCalled();
  });

  it.each(['ROOM_ENDED', 'ROOM_NOT_FOUND', 'ROOM_FULL', 'BANNED', 'UNAUTHENTICATED'])(
    'is over at once on %s',
    async (code) => {
      server.refusedTickets.push({ status: 403, code });
      await client.join();
      expect(client.getConnection()).toEqual({ kind: 'closed', reason: code });
      await pass(60_000);
      expect(server.tickets).toBe(1);
    },
  );

  it('fetches another ticket when one was refused', async () => {
    server.refusal = { code: 'TICKET_EXPIRED', message: '' };
    void client.join();
    await pass();
    server.refusal = null;
    await pass(1000);
    expect(client.getConnection().kind).toBe('joined');
    expect(server.tickets).toBeGreaterThan(1);
  });

  it('waits for as long as the server asks', async () => {
    server.refusedTickets.push({ status: 429, code: 'RATE_LIMITED', retryAfterS: 10 });
    void client.join();
    await pass(9000);
    expect(server.tickets).toBe(1);
    await pass(4000);
    expect(client.getConnection().kind).toBe('joined');
  });

  it('says in the end that the server cannot be reached', async () => {
    server.refusal = { code: 'UNAVAILABLE', message: '' };
    void client.join();
    await pass(60_000);
    expect(client.getConnection()).toEqual({ kind: 'closed', reason: 'UNAVAILABLE' });
  });

  it('says that the network blocks WebSockets where tickets come and no socket opens', async () => {
    server.blocksSockets = true;
    void client.join();
    await pass(60_000);
    expect(server.tickets).toBeGreaterThan(1);
    expect(client.getConnection()).toEqual({ kind: 'closed', reason: 'socketBlocked' });
  });

  it('does not blame the network for a server that lets nobody in', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    void client.join();
    await pass(60_000);
    expect(client.getConnection()).toEqual({ kind: 'closed', reason: 'UNAVAILABLE' });
  });

  it('says at once that a browser without WebRTC is not supported', async () => {
    const unsupported = Object.assign(new Error('device not supported'), { name: 'UnsupportedError' });
    const environment = { ...server.environment, createDevice: () => Promise.reject(unsupported) };
    client = new RoomClient({ roomId: 'room-1234', api: server.api, environment });
    void client.join();
    await pass(1000);
    expect(client.getConnection()).toEqual({ kind: 'closed', reason: 'unsupported' });
  });

  it('asks for a click when the browser refuses to play', async () => {
    browser.play.mockRejectedValueOnce(new DOMException('', 'NotAllowedError'));
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    await join();
    await pass();
    expect(client.getView()?.playback).toBe('blocked');
    await client.startPlayback();
    expect(client.getView()?.playback).toBe('playing');
  });
});

describe('what pauses the sound from outside', () => {
  beforeEach(async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    await join();
    await pass(5000);
    browser.play.mockClear();
    audio()?.dispatchEvent(new Event('pause'));
    await pass();
  });

  it('is obeyed until the person wants to listen again, whatever the page looks at meanwhile', async () => {
    document.dispatchEvent(new Event('visibilitychange'));
    await pass();
    expect(browser.play).not.toHaveBeenCalled();
    expect(client.getView()?.playback).toBe('paused');
    await client.startPlayback();
    expect(client.getView()?.playback).toBe('playing');
  });

  it('is obeyed by a stream that comes later', async () => {
    server.socket.notify('consumer:created', aConsumer());
    await pass(1000);
    expect(heard()).toBe(2);
    expect(browser.play).not.toHaveBeenCalled();
    expect(audio()?.autoplay).toBe(false);
  });

  it('is no more than the moment when the system plays on by itself', async () => {
    audio()?.dispatchEvent(new Event('playing'));
    expect(client.getView()?.playback).toBe('playing');
  });
});

it('a pause that follows from a stream that went and came is none', async () => {
  const consumer = aConsumer();
  server.media = { kind: 'new', ...aMedia(consumer) };
  await join();
  await pass(5000);
  server.socket.notify('consumer:created', aConsumer());
  server.socket.notify('consumer:closed', { consumerId: consumer.id });
  await pass(100);
  audio()?.dispatchEvent(new Event('pause'));
  await pass();
  expect(client.getView()?.playback).toBe('playing');
});

describe('the device to hear through', () => {
  const setSinkId = vi.fn<(deviceId: string) => Promise<void>>();
  let devices: { kind: string; deviceId: string; label: string }[];

  beforeEach(() => {
    setSinkId.mockReset().mockResolvedValue();
    Object.defineProperty(HTMLMediaElement.prototype, 'setSinkId', { value: setSinkId, configurable: true });
    devices = [{ kind: 'audiooutput', deviceId: 'headset', label: 'Headset' }];
    navigator.mediaDevices.enumerateDevices = () => Promise.resolve(devices as unknown as MediaDeviceInfo[]);
    saveOutput('headset');
  });
  afterEach(() => {
    delete (HTMLMediaElement.prototype as { setSinkId?: unknown }).setSinkId;
  });

  it('is that of the last visit', async () => {
    await join();
    // One element for each way in which the sound comes.
    expect(setSinkId.mock.calls).toEqual([['headset'], ['headset']]);
  });

  it('is the system’s own once the chosen one is gone, which is said, and the chosen one when it is back', async () => {
    const notices = vi.fn<(notice: Notice) => void>();
    client.onNotice(notices);
    await join();
    devices = [];
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
    await pass();
    expect(setSinkId).toHaveBeenLastCalledWith('');
    expect(notices).toHaveBeenCalledWith({ cause: 'outputLost' });
    devices = [{ kind: 'audiooutput', deviceId: 'headset', label: 'Headset' }];
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
    await pass();
    expect(setSinkId).toHaveBeenLastCalledWith('headset');
  });

  it('that is not plugged in today hinders nothing', async () => {
    setSinkId.mockRejectedValueOnce(new DOMException('', 'NotFoundError'));
    await join();
    expect(client.getConnection().kind).toBe('joined');
  });
});

describe('the view', () => {
  it('is the same object while nothing changes, and a new one for a change', async () => {
    await join();
    const view = client.getView();
    const listener = vi.fn<() => void>();
    client.subscribe(listener);
    server.socket.notify('room:pulse', { seq: 1, listeners: 1 });
    expect(client.getView()).toBe(view);
    expect(listener).not.toHaveBeenCalled();
    server.socket.notify('room:pulse', { seq: 1, listeners: 2 });
    expect(client.getView()).not.toBe(view);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('asks for one snapshot when a pulse tells of a state that it does not bring', async () => {
    await join();
    server.snapshot = aSnapshot({ state: aState({ seq: 4, locked: true }) });
    for (let pulses = 0; pulses < 3; pulses++) server.socket.notify('room:pulse', { seq: 4, listeners: 1 });
    await pass();
    expect(server.count('room:snapshot')).toBe(1);
    expect(client.getView()?.state).toMatchObject({ seq: 4, locked: true });
  });

  it('shows an own reaction at once, and not once more when the pulse brings it', async () => {
    const reactions = vi.fn<(counts: object) => void>();
    client.onReactions(reactions);
    await join();
    server.answers.set('reaction:send', () => undefined);
    await client.react('clap');
    expect(reactions.mock.calls).toEqual([[{ clap: 1 }]]);
    server.socket.notify('room:pulse', { seq: 1, listeners: 1, reactions: { clap: 1 } });
    server.socket.notify('room:pulse', { seq: 1, listeners: 1, reactions: { clap: 2, heart: 1 } });
    expect(reactions.mock.calls).toEqual([[{ clap: 1 }], [{ clap: 2, heart: 1 }]]);
  });

  it('a reaction that the server refused hides nobody else’s', async () => {
    const reactions = vi.fn<(counts: object) => void>();
    client.onReactions(reactions);
    await join();
    server.answers.set('reaction:send', refuse('RATE_LIMITED'));
    await expect(client.react('clap')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    server.socket.notify('room:pulse', { seq: 1, listeners: 1, reactions: { clap: 1 } });
    expect(reactions).toHaveBeenCalledTimes(2);
  });

  it('passes on reactions and notices', async () => {
    const reactions = vi.fn<(counts: object) => void>();
    const notices = vi.fn<(notice: Notice) => void>();
    client.onReactions(reactions);
    client.onNotice(notices);
    await join();
    server.socket.notify('room:pulse', { seq: 1, listeners: 1, reactions: { heart: 3 } });
    server.socket.notify('self:changed', { self: aSelf({ invitedBy: 'Hanna' }), cause: 'invited', by: 'Hanna' });
    expect(reactions).toHaveBeenCalledWith({ heart: 3 });
    expect(notices).toHaveBeenCalledWith({ cause: 'invited', by: 'Hanna' });
    expect(client.getView()?.self.invitedBy).toBe('Hanna');
  });
});

describe('hearing', () => {
  it('acknowledges a consumer only once it can receive it', async () => {
    server.media = { kind: 'new', ...aMedia() };
    await join();
    await pass();
    const ack = vi.fn<() => void>();
    server.socket.notify('consumer:created', aConsumer(), ack);
    expect(ack).not.toHaveBeenCalled();
    await pass();
    expect(ack).toHaveBeenCalledTimes(1);
    expect(heard()).toBe(1);
  });

  it('stops playing a consumer that was closed, even if it comes and goes at once', async () => {
    server.media = { kind: 'new', ...aMedia() };
    await join();
    const consumer = aConsumer();
    server.socket.notify('consumer:created', consumer, () => {});
    server.socket.notify('consumer:closed', { consumerId: consumer.id });
    await pass();
    expect(heard()).toBe(0);
  });

  it('starts when the room goes live, within the time given', async () => {
    await join();
    server.answers.set('media:start', () => aMedia(aConsumer()));
    server.socket.notify('media:restart', { withinMs: 2000 });
    await pass(2000);
    expect(heard()).toBe(1);
    expect(server.count('media:start')).toBe(1);
  });

  it('asks again when starting fails', async () => {
    await join();
    server.answers.set('media:start', refuse('UNAVAILABLE'));
    server.socket.notify('media:restart', { withinMs: 0 });
    await pass(100);
    server.answers.set('media:start', () => aMedia(aConsumer()));
    await pass(5000);
    expect(heard()).toBe(1);
  });

  it('restarts ICE with the credentials of that moment, since those of the ticket may have expired', async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    await join();
    await pass();
    const { transport, handler } = server.transport('recv')!;
    const renewed = { urls: 'turn:turn.example.org', username: '1700003600:name', credential: 'new' };
    const restart = server.answers.get('transport:restartIce') as () => object;
    server.answers.set('transport:restartIce', () => ({ ...restart(), iceServers: [renewed] }));
    const update = vi.spyOn(transport, 'updateIceServers');
    handler.setConnectionState('connected');
    handler.setConnectionState('disconnected');
    await pass(100);
    expect(update).toHaveBeenCalledWith({ iceServers: [renewed] });
  });

  it('restarts ICE when the path is lost, and builds anew when that does not help', async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    await join();
    await pass();
    const first = server.transport('recv');
    first?.handler.setConnectionState('connected');
    first?.handler.setConnectionState('disconnected');
    await pass(100);
    expect(server.count('transport:restartIce')).toBe(1);
    expect(first?.transport.closed).toBe(false);
    server.answers.set('media:start', () => aMedia(aConsumer()));
    await pass(6000);
    expect(first?.transport.closed).toBe(true);
    expect(server.count('media:start')).toBe(1);
    expect(heard()).toBe(1);
  });

  it('builds nothing anew when ICE recovers', async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    await join();
    await pass();
    const first = server.transport('recv');
    first?.handler.setConnectionState('disconnected');
    await pass(1000);
    first?.handler.setConnectionState('connected');
    await pass(20_000);
    expect(server.count('media:start')).toBe(0);
    expect(first?.transport.closed).toBe(false);
  });
});

describe('coming back', () => {
  it('comes back at once when the connection is lost, and keeps what is heard', async () => {
    const [stays, goes, comes] = [aConsumer(), aConsumer(), aConsumer()];
    server.media = { kind: 'new', ...aMedia(stays, goes) };
    await join();
    await pass();
    const { transport } = server.transport('recv') ?? {};
    server.media = { kind: 'kept', consumers: [stays, comes] };
    server.socket.disconnect();
    expect(client.getConnection()).toEqual({ kind: 'resuming', cause: 'server', attempt: 1 });
    expect(client.getView()?.connection.kind).toBe('resuming');
    await pass(100);
    expect(client.getConnection().kind).toBe('joined');
    expect(transport?.closed).toBe(false);
    expect(heard()).toBe(2);
  });

  it('builds anew when the server has not kept it', async () => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    await join();
    await pass();
    const { transport } = server.transport('recv') ?? {};
    server.media = { kind: 'new', ...aMedia(aConsumer(), aConsumer()) };
    server.socket.disconnect();
    await pass(100);
    expect(transport?.closed).toBe(true);
    expect(heard()).toBe(2);
  });

  it('notices within seconds that the network is gone although the socket looks open', async () => {
    await join();
    server.socket.silent = true;
    server.refusal = { code: 'UNAVAILABLE', message: '' };
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
    window.dispatchEvent(new Event('offline'));
    await pass(1000);
    expect(client.getConnection()).toMatchObject({ kind: 'resuming', cause: 'offline' });
    vi.restoreAllMocks();
  });

  it('stays where it is when the network only seemed to be gone', async () => {
    await join();
    window.dispatchEvent(new Event('offline'));
    await pass(10_000);
    expect(client.getConnection().kind).toBe('joined');
    expect(server.sockets).toHaveLength(1);
  });

  it('waits for no delay when the network is back', async () => {
    await join();
    server.refusal = { code: 'UNAVAILABLE', message: '' };
    server.socket.disconnect();
    await pass(10_000);
    expect(client.getConnection().kind).toBe('resuming');
    server.refusal = null;
    window.dispatchEvent(new Event('online'));
    await pass(10);
    expect(client.getConnection().kind).toBe('joined');
  });

  it('asks the next server for what is wanted while the room moves there, and nobody sees the move', async () => {
    await join();
    const states = new Set<string>();
    client.subscribe(() => states.add(client.getConnection().kind));
    const before = server.socket;
    before.notify('closed', { reason: 'moved' });
    const reacting = client.request('reaction:send', { kind: 'heart' });
    await pass(1000);
    before.disconnect();
    await pass(1000);
    await reacting;
    expect(server.sockets).toHaveLength(2);
    expect(server.requests.filter((name) => name === 'reaction:send')).toHaveLength(1);
    expect(states).toEqual(new Set(['joined']));
  });

  it('has one attempt in flight, and only the last one counts', async () => {
    await join();
    server.socket.disconnect();
    for (let times = 0; times < 5; times++) window.dispatchEvent(new Event('online'));
    await pass(20_000);
    expect(server.sockets.filter(({ connected }) => connected)).toHaveLength(1);
  });
});

describe('a node that passes no media', () => {
  const [a, b] = ['https://a.example', 'https://b.example'];

  /** What the server offers never gets further than being tried. */
  async function tryInVain(ms: number): Promise<void> {
    await pass();
    server.transport('recv')?.handler.setConnectionState('connecting');
    await pass(ms);
  }

  beforeEach(() => {
    server.media = { kind: 'new', ...aMedia(aConsumer()) };
    server.answers.set('media:start', () => aMedia(aConsumer()));
    server.urls.push(a, b);
  });

  it('is left after five seconds for one that is asked to be another, and nobody sees it', async () => {
    const states = new Set<string>();
    client.subscribe(() => states.add(client.getConnection().kind));
    await join();
    await tryInVain(4900);
    expect(server.tickets).toBe(1);
    await pass(500);
    expect(server.ticketRequests).toEqual([{}, { avoid: a }]);
    await pass();
    server.transport('recv')?.handler.setConnectionState('connected');
    await pass(60_000);
    expect(server.tickets).toBe(2);
    expect(states).toEqual(new Set(['joined']));
  });

  it('is not left once the sound is through', async () => {
    await join();
    await pass();
    server.transport('recv')?.handler.setConnectionState('connected');
    await pass(60_000);
    expect(server.tickets).toBe(1);
  });

  it('is told in words when it is so everywhere, and each node is left once', async () => {
    const notices = vi.fn<(notice: Notice) => void>();
    client.onNotice(notices);
    server.urls.push(a);
    await join();
    await tryInVain(5500);
    await tryInVain(5500);
    expect(notices).not.toHaveBeenCalled();
    await tryInVain(13_000);
    expect(server.tickets).toBe(3);
    expect(notices).toHaveBeenCalledWith({ cause: 'mediaUnreachable' });
  });

  it('keeps whoever is on its stage', async () => {
    server.snapshot = aSpeakerSnapshot({ muted: true });
    await join();
    await tryInVain(9000);
    expect(server.tickets).toBe(1);
  });
});

describe('the end', () => {
  it.each(['replaced', 'removed', 'banned', 'ended', 'abuse'] as const)(
    'lets go of everything when %s',
    async (reason) => {
      await speak();
      server.socket.notify('closed', { reason });
      server.socket.disconnect();
      await pass(60_000);
      expect(client.getConnection()).toEqual({ kind: 'closed', reason });
      expect(server.sockets).toHaveLength(1);
      expect(browser.microphones.every(({ readyState }) => readyState === 'ended')).toBe(true);
      expect(server.transports.every(({ closed }) => closed)).toBe(true);
      expect(audio()).toBeNull();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('gives the place on stage free when a speaker leaves on purpose', async () => {
    await speak();
    client.leave();
    expect(server.requests).toContain('stage:leave');
  });

  it('can be left twice, and while still entering', async () => {
    void client.join();
    client.leave();
    client.leave();
    await pass(60_000);
    expect(client.getConnection()).toEqual({ kind: 'closed', reason: 'left' });
    expect(server.sockets.every(({ connected }) => !connected)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says goodbye when the page goes away', async () => {
    await join();
    window.dispatchEvent(new Event('pagehide'));
    expect(server.socket.connected).toBe(false);
  });
});

describe('the microphone', () => {
  it('is heard only after the server has agreed to the unmute', async () => {
    server.snapshot = aSpeakerSnapshot({ muted: true });
    await join();
    await client.checkMicrophone();
    expect(microphone()).toEqual({ kind: 'checking' });
    server.answers.set('stage:setMuted', () => {
      expect(browser.microphones[0]?.enabled).toBe(false);
    });
    await client.publishMicrophone();
    expect(microphone()).toMatchObject({ kind: 'live', muted: false });
    expect(browser.microphones[0]?.enabled).toBe(true);
  });

  it('is called off while its code is still on its way', async () => {
    await join();
    const asked = client.checkMicrophone();
    client.releaseMicrophone();
    await asked;
    expect(microphone()).toEqual({ kind: 'off' });
    expect(browser.getUserMedia).not.toHaveBeenCalled();
    await client.checkMicrophone();
    expect(microphone()).toEqual({ kind: 'checking' });
  });

  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
  ])('fails on %s as %s, with the rest intact', async (name, problem) => {
    await join();
    browser.getUserMedia.mockRejectedValue(new DOMException('', name));
    await client.checkMicrophone();
    expect(microphone()).toEqual({ kind: 'failed', problem });
    expect(client.getConnection().kind).toBe('joined');
  });

  it('is insecure where the browser offers none', async () => {
    await join();
    vi.stubGlobal('isSecureContext', false);
    await client.checkMicrophone();
    expect(microphone()).toEqual({ kind: 'failed', problem: 'insecure' });
  });

  it('is given back when the check is called off, also before the person has answered', async () => {
    await join();
    await client.checkMicrophone();
    const asked = client.checkMicrophone({ deviceId: 'other' });
    client.releaseMicrophone();
    await asked;
    expect(microphone()).toEqual({ kind: 'off' });
    expect(browser.microphones.every(({ readyState }) => readyState === 'ended')).toBe(true);
  });

  it('keeps the one in use when another cannot be had', async () => {
    await speak();
    browser.getUserMedia.mockRejectedValue(new DOMException('', 'NotReadableError'));
    await expect(client.checkMicrophone({ deviceId: 'other' })).rejects.toMatchObject({ problem: 'busy' });
    expect(microphone()).toMatchObject({ kind: 'live', muted: false });
    expect(client.getView()?.microphoneOptions.deviceId).toBeNull();
  });

  it('is replaced in the same producer when another is chosen, as muted as before', async () => {
    await speak();
    await client.setMuted(true);
    await client.checkMicrophone({ deviceId: 'other' });
    const [before, after] = browser.microphones;
    expect(before?.readyState).toBe('ended');
    expect(after?.enabled).toBe(false);
    expect(server.count('producer:create')).toBe(0);
  });

  it('is replaced by another one when it is unplugged, as open as before, and the person is told', async () => {
    await speak();
    const notices = vi.fn<(notice: Notice) => void>();
    client.onNotice(notices);
    browser.microphones[0]?.dispatchEvent(new Event('ended'));
    await pass();
    expect(browser.microphones[1]).toMatchObject({ enabled: true, readyState: 'live' });
    expect(microphone()).toMatchObject({ kind: 'live', muted: false });
    expect(server.count('producer:create')).toBe(0);
    expect(notices).toHaveBeenCalledWith({ cause: 'microphoneReplaced' });
  });

  it('is denied when its permission is taken back, and says so', async () => {
    await speak();
    const notices = vi.fn<(notice: Notice) => void>();
    client.onNotice(notices);
    browser.getUserMedia.mockRejectedValue(new DOMException('', 'NotAllowedError'));
    browser.microphones[0]?.dispatchEvent(new Event('ended'));
    await pass();
    expect(microphone()).toEqual({ kind: 'failed', problem: 'denied' });
    expect(notices).toHaveBeenCalledWith({ cause: 'microphoneLost', problem: 'denied' });
  });

  it('is muted for the room while the system silences it, and stays so until the person opens it', async () => {
    await speak();
    const notices = vi.fn<(notice: Notice) => void>();
    client.onNotice(notices);
    browser.microphones[0]?.dispatchEvent(new Event('mute'));
    await pass();
    expect(microphone()).toMatchObject({ kind: 'live', muted: true });
    expect(server.requests).toContain('stage:setMuted');
    expect(notices).toHaveBeenCalledWith({ cause: 'microphoneSilenced' });
    browser.microphones[0]?.dispatchEvent(new Event('unmute'));
    await pass();
    expect(microphone()).toMatchObject({ kind: 'live', muted: true });
    expect(notices).toHaveBeenLastCalledWith({ cause: 'microphoneBack' });
  });

  it('works without its meter', async () => {
    vi.stubGlobal(
      'AudioContext',
      class {
        close = () => Promise.resolve();
        createMediaStreamSource = () => {
          throw new DOMException('', 'NotSupportedError');
        };
      },
    );
    await speak();
    expect(microphone()).toMatchObject({ kind: 'live', muted: false });
  });

  it('is missing when it is unplugged and there is no other, and the room is told', async () => {
    await speak();
    browser.getUserMedia.mockRejectedValue(new DOMException('', 'NotFoundError'));
    browser.microphones[0]?.dispatchEvent(new Event('ended'));
    await pass();
    expect(microphone()).toEqual({ kind: 'failed', problem: 'missing' });
    expect(server.requests).toEqual(['stage:setMuted', 'producer:close']);
    expect(client.getConnection().kind).toBe('joined');
  });

  it('stays checked when the server refuses to take it', async () => {
    server.snapshot = aSpeakerSnapshot({ muted: true });
    await join();
    await client.checkMicrophone();
    server.answers.set('transport:create', refuse('NOT_ALLOWED'));
    await expect(client.publishMicrophone()).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect(microphone()).toEqual({ kind: 'checking' });
  });

  it('is muted when a moderator says so', async () => {
    await speak();
    server.socket.notify('self:changed', { self: aSelf({ role: 'speaker' }), cause: 'muted', by: 'Hanna' });
    expect(microphone()).toMatchObject({ kind: 'live', muted: true });
    expect(browser.microphones[0]?.enabled).toBe(false);
  });

  it('is off for someone who has left the stage', async () => {
    await speak();
    server.socket.notify('self:changed', { self: aSelf(), cause: 'demoted', by: 'Hanna' });
    await pass();
    expect(microphone()).toEqual({ kind: 'off' });
    expect(browser.microphones[0]?.readyState).toBe('ended');
    expect(server.transport('send')).toBeNull();
  });

  it('is off for someone whose place on stage was gone when they came back', async () => {
    await speak();
    server.snapshot = aSnapshot({ state: aState({ seq: 9 }) });
    server.media = { kind: 'new', ...aMedia() };
    server.socket.disconnect();
    await pass(100);
    expect(microphone()).toEqual({ kind: 'off' });
  });

  it('tells that someone speaks while muted', async () => {
    await speak();
    await client.setMuted(true);
    browser.level = 0.2;
    await pass(1000);
    expect(microphone()).toMatchObject({ kind: 'live', muted: true, speakingWhileMuted: true });
    expect(client.isSpeaking(SELF_ID)).toBe(false);
    await client.setMuted(false);
    expect(microphone()).toMatchObject({ muted: false, speakingWhileMuted: false });
    await pass(200);
    expect(client.isSpeaking(SELF_ID)).toBe(true);
  });

  it('is published again, as muted as it was, when the server’s media are gone', async () => {
    await speak();
    await client.setMuted(true);
    server.requests.length = 0;
    server.answers.set('transport:restartIce', refuse('NOT_FOUND'));
    server.socket.notify('media:restart', { withinMs: 0 });
    await pass(1000);
    expect(server.count('producer:create')).toBe(1);
    expect(server.count('stage:setMuted')).toBe(0);
    expect(microphone()).toMatchObject({ kind: 'live', muted: true });
    expect(browser.getUserMedia).toHaveBeenCalledTimes(1);
  });

  it('is not published again when only the receiving side has to start anew', async () => {
    await speak();
    server.socket.notify('media:restart', { withinMs: 0 });
    await pass(1000);
    expect(server.count('media:start')).toBe(1);
    expect(server.count('producer:create')).toBe(0);
  });

  it('is published again after the server was restarted', async () => {
    await speak();
    server.snapshot = aSpeakerSnapshot({ muted: false, seq: 3 });
    server.media = { kind: 'new', ...aMedia() };
    server.answers.set('transport:restartIce', refuse('NOT_FOUND'));
    server.socket.notify('closed', { reason: 'restarting' });
    server.socket.disconnect();
    await pass(4000);
    expect(server.count('producer:create')).toBe(1);
    expect(microphone()).toMatchObject({ kind: 'live', muted: false });
    expect(browser.microphones[0]?.enabled).toBe(true);
  });

  it('fails when the server closes the producer and wants no other', async () => {
    await speak();
    const { transport } = server.transport('send') ?? {};
    const producerId = [...((transport as unknown as { _producers: Map<string, unknown> })._producers.keys() ?? [])][0];
    server.socket.notify('producer:closed', { producerId: String(producerId) });
    await pass(2000);
    expect(microphone()).toEqual({ kind: 'failed', problem: 'failed' });
    expect(browser.microphones[0]?.readyState).toBe('ended');
  });

  it('does not show as open on a page that was reloaded on stage', async () => {
    server.snapshot = aSpeakerSnapshot({ muted: false });
    await join();
    expect(server.requests).toContain('stage:setMuted');
  });
});

it('leaves the others’ mute alone', async () => {
  await speak();
  const stage = [aMember({ userId: HOST_ID, muted: true }), aMember({ userId: SELF_ID, role: 'speaker' })];
  server.socket.notify('room:state', aState({ seq: 3, stage }));
  await pass(2000);
  expect(microphone()).toMatchObject({ muted: false });
});
