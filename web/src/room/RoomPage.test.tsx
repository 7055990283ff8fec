import { ApiClient, ApiError } from '@tribune/shared/ApiClient.ts';
import { screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRoomClient } from '../../dev/FakeRoomClient.ts';
import * as make from '../../dev/fixtures.ts';
import { renderPage } from '../../dev/renderRoom.tsx';
import { saveSession } from '../client/session.ts';
import { enterDirectly, enteredRoom } from '../hooks/enteredRoom.ts';
import RoomPage from './RoomPage.tsx';

const room = make.roomInfo();
const session = { token: 'token', user: make.person('Nina') };

class FakeApi extends ApiClient {
  override getRoom = vi.fn<ApiClient['getRoom']>(() => Promise.resolve(room));
  override createSession = vi.fn<ApiClient['createSession']>(() => Promise.resolve(session));
}

function show(api = new FakeApi(), loaded: Promise<unknown> = Promise.resolve()) {
  const client = new FakeRoomClient(make.roomView());
  const loadClient = () => loaded.then(() => () => client);
  return { api, client, ...renderPage(<RoomPage roomId={room.id} loadClient={loadClient} />, api) };
}

/** Lets everything that needs no time happen. */
const settled = () => new Promise<void>((resolve) => void setTimeout(resolve));

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

describe('the lobby', () => {
  it('asks a first-time visitor for a name, and goes in with one click', async () => {
    const { api, client, user } = show();
    await user.click(await screen.findByRole('button', { name: 'Listen' }));
    expect(screen.getByText('Please enter a name first.')).toBeTruthy();
    await user.type(screen.getByLabelText('Your name'), 'Nina');
    await user.click(screen.getByRole('button', { name: 'Listen' }));
    expect(await screen.findByRole('list', { name: 'On stage' })).toBeTruthy();
    expect(api.createSession).toHaveBeenCalledWith('Nina');
    expect(client.asked).toEqual(['startPlayback', 'setVolume 1', 'join']);
    expect(enteredRoom()).toBe(room.id);
  });

  it('keeps the session of whoever keeps their name', async () => {
    saveSession(session);
    const { api, user } = show();
    await user.click(await screen.findByRole('button', { name: 'Listen' }));
    await screen.findByRole('list', { name: 'On stage' });
    expect(api.createSession).not.toHaveBeenCalled();
  });

  it('goes in by itself after a reload of the tab', async () => {
    saveSession(session);
    enterDirectly(room.id);
    const { client } = show();
    await screen.findByRole('list', { name: 'On stage' });
    expect(client.asked).toContain('join');
  });

  it('leaves with the page', async () => {
    saveSession(session);
    enterDirectly(room.id);
    const { client, unmount } = show();
    await screen.findByRole('list', { name: 'On stage' });
    unmount();
    expect(client.asked.at(-1)).toBe('leave');
  });

  it('comes in for nobody who has left the page while the client was loaded', async () => {
    saveSession(session);
    enterDirectly(room.id);
    const loaded = Promise.withResolvers<void>();
    const { client, unmount } = show(new FakeApi(), loaded.promise);
    unmount();
    loaded.resolve();
    await settled();
    expect(client.asked).toEqual([]);
  });

  it('comes in for nobody who has left the page while they signed in, and lets go of the sound', async () => {
    const signedIn = Promise.withResolvers<typeof session>();
    const api = new FakeApi();
    api.createSession.mockReturnValue(signedIn.promise);
    const { client, user, unmount } = show(api);
    await user.type(await screen.findByLabelText('Your name'), 'Nina');
    await user.click(screen.getByRole('button', { name: 'Listen' }));
    unmount();
    signedIn.resolve(session);
    await settled();
    expect(client.asked).toEqual(['startPlayback', 'setVolume 1', 'leave']);
    expect(enteredRoom()).toBeNull();
  });

  it('lets go of the sound when signing in fails, and can be entered again', async () => {
    const api = new FakeApi();
    api.createSession.mockRejectedValueOnce(new ApiError('UNAVAILABLE', ''));
    const { client, user } = show(api);
    await user.type(await screen.findByLabelText('Your name'), 'Nina');
    await user.click(screen.getByRole('button', { name: 'Listen' }));
    await waitFor(() => expect(client.asked.at(-1)).toBe('leave'));
    await user.click(await screen.findByRole('button', { name: 'Listen' }));
    await waitFor(() => expect(client.asked.at(-1)).toBe('join'));
  });

  it('a link to nowhere says so', async () => {
    const api = new FakeApi();
    api.getRoom.mockRejectedValue(new ApiError('ROOM_NOT_FOUND', ''));
    show(api);
    expect(await screen.findByRole('heading', { name: 'There is no room here' })).toBeTruthy();
  });

  it('a room that has ended says so', async () => {
    const api = new FakeApi();
    api.getRoom.mockResolvedValue({ ...room, phase: 'ended', endedAt: Date.now() });
    show(api);
    expect(await screen.findByRole('heading', { name: 'This room has ended' })).toBeTruthy();
  });
});
