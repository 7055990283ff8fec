import { act, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { FakeRoomClient } from '../../dev/FakeRoomClient.ts';
import * as make from '../../dev/fixtures.ts';
import { called, recorded, renderRoom } from '../../dev/renderRoom.tsx';
import { RoomScreen } from './RoomScreen.tsx';

const backstage = {
  room: make.roomInfo({ phase: 'backstage', startedAt: null }),
  state: make.roomState({ phase: 'backstage', startedAt: null }),
  listeners: 48,
} as const;
const live = { room: make.roomInfo(), state: make.roomState({ seq: 2 }) };

function show(client: FakeRoomClient) {
  const onWayOut = called();
  return { onWayOut, ...renderRoom(client, <RoomScreen onWayOut={onWayOut} />) };
}

beforeEach(() => localStorage.clear());

describe('in the queue', () => {
  it('one sees the place and the wait, comes in by oneself, and can leave', async () => {
    const client = new FakeRoomClient(null, {}, { kind: 'queued', place: 214, estimateS: 90, retryAfterS: 3 });
    const { user } = show(client);
    expect(screen.getByText('You are number 214 in the queue.')).toBeTruthy();
    expect(screen.getByText(/^About .*min.* to go.$/)).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Every seat is taken' }));
    await user.click(screen.getByRole('button', { name: 'Leave the queue' }));
    expect(client.asked).toContain('leave');
  });
});

describe('heard over HTTP', () => {
  const queued = { kind: 'queued', place: 12, estimateS: null, retryAfterS: 2, plane: 'http' } as const;
  const http = { kind: 'http', cause: 'full', behindS: null, wantsHand: false } as const;

  it('the room is there as it always is, with how late and why, in words that are said once', () => {
    const client = new FakeRoomClient(make.roomView({ ...live, connection: queued, plane: http }));
    show(client);
    expect(screen.getByRole('list', { name: 'On stage' })).toBeTruthy();
    const spoken = screen.getByTestId('announce-polite').textContent;
    expect(spoken).toMatch(/^Every seat is taken, so you hear the room a few seconds late/);
    act(() => client.set({ plane: { ...http, behindS: 3 } }));
    expect(screen.getByTestId('plane-note').textContent).toMatch(/^3 s behind Every seat .* number 12 in the queue\.$/);
    expect(screen.getByTestId('announce-polite').textContent).toBe(spoken);
  });

  it('one is told when one hears it as it happens', () => {
    const client = new FakeRoomClient(make.roomView({ ...live, connection: queued, plane: http }));
    show(client);
    act(() => client.set({ connection: { kind: 'joined' }, plane: { kind: 'webrtc' } }));
    expect(screen.queryByTestId('plane-note')).toBeNull();
    expect(screen.getByTestId('announce-polite').textContent).toBe('You now hear the room as it happens.');
  });

  it('a hand that waits for a place can be lowered again', async () => {
    const lower = recorded();
    const view = make.roomView({ ...live, connection: queued, plane: { ...http, wantsHand: true } });
    const { user } = show(new FakeRoomClient(view, { 'hand:lower': lower }));
    expect(screen.getByText('Waits for a place')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: /^Lower hand/ }));
    expect(lower).toHaveBeenCalledOnce();
  });

  it('no banner says that the connection is lost, since it is heard', () => {
    const connection = { kind: 'resuming', cause: 'server', attempt: 3 } as const;
    show(new FakeRoomClient(make.roomView({ ...live, connection, plane: { ...http, cause: 'lost' } })));
    expect(screen.queryByText('Connection lost. Coming back…')).toBeNull();
    expect(screen.getByTestId('plane-note').textContent).toMatch(/lost for now/);
  });
});

describe('backstage', () => {
  it('a listener waits outside, counted, and comes in by themselves when the room goes live', () => {
    const client = new FakeRoomClient(make.roomView(backstage));
    show(client);
    expect(screen.getByRole('heading', { name: 'The doors open soon' })).toBeTruthy();
    expect(screen.getByText('48 people are waiting, including you')).toBeTruthy();
    act(() => client.set(live));
    expect(screen.getByRole('list', { name: 'On stage' })).toBeTruthy();
    expect(screen.getByTestId('announce-polite').textContent).toBe('Ada Lovelace is live. You are in.');
  });

  it('the host goes live with one button', async () => {
    const goLive = recorded();
    const { user } = show(new FakeRoomClient(make.hostView(backstage), { 'room:goLive': goLive }));
    await user.click(screen.getByRole('button', { name: 'Go live' }));
    expect(goLive).toHaveBeenCalledOnce();
  });

  it('a speaker is told to wait for the host, without the button', () => {
    const self = make.selfOf(make.chen, 'speaker');
    show(new FakeRoomClient(make.roomView({ ...backstage, self, microphone: make.liveMicrophone })));
    expect(screen.getByText(/the host goes live when everyone is ready/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Go live' })).toBeNull();
  });

  it('going live is told assertively to those on stage', () => {
    const client = new FakeRoomClient(make.hostView(backstage));
    show(client);
    act(() => client.set(live));
    expect(screen.getByTestId('announce-assertive').textContent).toBe('You are live. The audience hears you.');
  });
});

describe('the microphone', () => {
  it('is never asked for while listening', () => {
    const client = new FakeRoomClient(make.roomView());
    show(client);
    expect(client.asked).toEqual([]);
  });

  it('is checked when one gets on stage, and sent only on demand', async () => {
    const client = new FakeRoomClient(make.roomView());
    const { user } = show(client);
    act(() => client.set({ self: make.selfOf(make.chen, 'speaker') }));
    await screen.findByRole('dialog', { name: 'Check your microphone' });
    expect(client.asked).toEqual(['checkMicrophone']);
    act(() => client.set({ microphone: { kind: 'checking' } }));
    expect(screen.getByRole('meter', { name: 'Microphone level' })).toBeTruthy();
    act(() => client.level(0.5));
    expect(screen.getByText('Your microphone picks you up')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Turn on my microphone' }));
    expect(client.asked).toEqual(['checkMicrophone', 'publishMicrophone']);
  });

  it('staying muted gives it back', async () => {
    const client = new FakeRoomClient(make.roomView({ self: make.selfOf(make.chen, 'speaker') }));
    const { user } = show(client);
    await user.click(await screen.findByRole('button', { name: 'Stay muted for now' }));
    expect(client.asked).toEqual(['checkMicrophone', 'releaseMicrophone']);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('is no longer asked for once one is back in the audience', async () => {
    const client = new FakeRoomClient(make.roomView({ self: make.selfOf(make.chen, 'speaker') }));
    show(client);
    await screen.findByRole('dialog');
    act(() => client.set({ self: make.selfOf(make.chen, 'listener') }));
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('that is denied says what to do, and can be tried again', async () => {
    const client = new FakeRoomClient(make.roomView({ self: make.selfOf(make.chen, 'speaker') }));
    const { user } = show(client);
    await screen.findByRole('dialog');
    act(() => client.set({ microphone: { kind: 'failed', problem: 'denied' } }));
    expect(screen.getByText(/allow the microphone for this site/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(client.asked).toEqual(['checkMicrophone', 'checkMicrophone']);
  });
});

describe('an invitation', () => {
  it('can be accepted or declined', async () => {
    const acceptInvite = recorded();
    const self = make.selfOf(make.person('Nina'), 'listener', { invitedBy: 'Ada Lovelace' });
    const { user } = show(new FakeRoomClient(make.roomView({ self }), { 'stage:accept': acceptInvite }));
    await screen.findByRole('alertdialog', { name: 'Ada Lovelace invites you to speak' });
    const answers = within(screen.getByRole('alertdialog')).getAllByRole('button');
    expect(answers.map(({ textContent }) => textContent)).toEqual(['Join the stage', 'Not now']);
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Join the stage' }));
    await user.keyboard('{Enter}');
    expect(acceptInvite).toHaveBeenCalledOnce();
  });

  it('is gone when it is withdrawn', async () => {
    const self = make.selfOf(make.person('Nina'), 'listener', { invitedBy: 'Ada Lovelace' });
    const client = new FakeRoomClient(make.roomView({ self }));
    show(client);
    await screen.findByRole('alertdialog');
    act(() => client.set({ self: { ...self, invitedBy: null } }));
    expect(screen.queryByRole('alertdialog')).toBeNull();
  });
});

describe('the connection', () => {
  it('while it is lost the room stays, and Leave is in reach', async () => {
    const client = new FakeRoomClient(
      make.roomView({ connection: { kind: 'resuming', cause: 'offline', attempt: 1 } }),
    );
    const { user } = show(client);
    expect(screen.getByText(/You are offline/)).toBeTruthy();
    expect(screen.getByRole('list', { name: 'On stage' })).toBeTruthy();
    await user.click(screen.getAllByRole('button', { name: 'Leave' })[0] as HTMLElement);
    expect(client.asked).toEqual(['leave']);
  });

  it('of a room that nobody leads any more says in how many minutes it ends, until somebody is back', () => {
    const client = new FakeRoomClient(make.roomView({ endsInS: 241 }));
    show(client);
    expect(screen.getByText('Nobody is here to lead this room. It ends in 5 minutes.')).toBeTruthy();
    act(() => client.set({ endsInS: 12 }));
    expect(screen.getByText('Nobody is here to lead this room. It ends in 1 minute.')).toBeTruthy();
    act(() => client.set({ endsInS: null }));
    expect(screen.queryByText(/Nobody is here to lead/)).toBeNull();
  });

  it('in a second tab, the old one says so and can take over again', async () => {
    const client = new FakeRoomClient(make.roomView());
    const { onWayOut, user } = show(client);
    act(() => client.close('replaced'));
    expect(document.activeElement?.textContent).toBe('You are listening in another tab');
    await user.click(screen.getByRole('button', { name: 'Use this tab' }));
    expect(onWayOut).toHaveBeenCalledWith('takeOver');
  });

  it('a ban offers nothing but other rooms', () => {
    const client = new FakeRoomClient(make.roomView());
    show(client);
    act(() => client.close('banned'));
    expect(screen.getAllByRole('button').map((button) => button.textContent)).toEqual(['See all rooms']);
  });

  it('the end of the room shows what it was', () => {
    const client = new FakeRoomClient(make.roomView());
    show(client);
    act(() => client.close('ended'));
    expect(screen.getByRole('heading', { name: 'This room has ended' })).toBeTruthy();
    expect(screen.getByText('Hosted by Ada Lovelace')).toBeTruthy();
  });

  it('sound that the browser holds back needs one click on Listen', async () => {
    const client = new FakeRoomClient(make.roomView({ playback: 'blocked' }));
    const { user } = show(client);
    await user.click(screen.getByRole('button', { name: 'Listen' }));
    expect(client.asked).toEqual(['startPlayback']);
  });
});

describe('sound that the system paused', () => {
  it('is one click away', async () => {
    const client = new FakeRoomClient(make.roomView({ playback: 'paused' }));
    const { user } = show(client);
    expect(screen.getByText('The sound is paused').parentElement?.getAttribute('role')).toBe('alert');
    await user.click(screen.getByRole('button', { name: 'Listen again' }));
    expect(client.asked).toEqual(['startPlayback']);
  });
});

describe('the screen', () => {
  const release = called();
  const request = vi.fn<() => Promise<unknown>>();
  beforeEach(() => {
    const lock = { released: false, release: () => Promise.resolve(release()) };
    request.mockReset().mockImplementation(() => Promise.resolve({ ...lock }));
    Object.defineProperty(navigator, 'wakeLock', { value: { request }, configurable: true });
  });
  afterEach(() => {
    release.mockReset();
    delete (navigator as { wakeLock?: unknown }).wakeLock;
  });

  it('stays on for whoever speaks, until they are in the audience', async () => {
    const client = new FakeRoomClient(make.hostView());
    show(client);
    await waitFor(() => expect(request).toHaveBeenCalledExactlyOnceWith('screen'));
    act(() => client.set({ self: make.selfOf(make.ada, 'listener') }));
    await waitFor(() => expect(release).toHaveBeenCalled());
  });

  it('stays on after a look at another app, which takes the lock away', async () => {
    const lock = { released: false, release: () => Promise.resolve() };
    request.mockResolvedValueOnce(lock);
    show(new FakeRoomClient(make.hostView()));
    await waitFor(() => expect(request).toHaveBeenCalledOnce());
    await act(() => Promise.resolve());
    lock.released = true;
    document.dispatchEvent(new Event('visibilitychange'));
    expect(request).toHaveBeenCalledTimes(2);
  });

  it('may go dark for whoever listens', () => {
    show(new FakeRoomClient(make.roomView()));
    expect(request).not.toHaveBeenCalled();
  });
});

describe('raised hands', () => {
  const [ines, jo, kim] = [make.person('Inès'), make.person('Jo'), make.person('Kim')];

  it('are said to whoever leads, by name or by number, and counted in the title of the tab', () => {
    const client = new FakeRoomClient(make.hostView({ hands: [] }));
    show(client);
    act(() => client.set({ hands: [ines] }));
    expect(screen.getByTestId('announce-polite').textContent).toBe('Inès raised a hand.');
    act(() => client.set({ hands: [ines, jo, kim] }));
    expect(screen.getByTestId('announce-polite').textContent).toBe('2 more hands are raised.');
    expect(document.title).toBe(`(3) ${make.roomInfo().title} · Tribune`);
    act(() => client.set({ hands: [] }));
    expect(document.title).toBe(`${make.roomInfo().title} · Tribune`);
  });
});

describe('the clock', () => {
  it('is that of the server, whatever that of the visitor says', async () => {
    const now = Date.now();
    vi.stubGlobal('fetch', () =>
      Promise.resolve(Response.json({ rooms: [] }, { headers: { date: new Date(now - 3 * 3_600_000).toUTCString() } })),
    );
    const api = new ApiClient('http://localhost');
    await api.listRooms();
    vi.unstubAllGlobals();
    const room = make.roomInfo({ startedAt: now - 3 * 3_600_000 - 65_000 });
    renderRoom(new FakeRoomClient(make.roomView({ room })), <RoomScreen onWayOut={called()} />, api);
    expect(screen.getByTitle('Live for 1 min')).toBeTruthy();
  });
});

describe('notices', () => {
  it('what a host did to oneself is told once', async () => {
    const client = new FakeRoomClient(make.hostView());
    show(client);
    act(() => client.notice({ cause: 'muted', by: 'Boris Vian' }));
    expect(await screen.findByText('Boris Vian muted you. Unmute when it is your turn.')).toBeTruthy();
  });
});
