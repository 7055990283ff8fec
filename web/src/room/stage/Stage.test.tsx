import { act, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { SignalingError } from '@tribune/shared/SignalingClient.ts';
import { FakeRoomClient } from '../../../dev/FakeRoomClient.ts';
import * as make from '../../../dev/fixtures.ts';
import { recorded, renderRoom } from '../../../dev/renderRoom.tsx';
import { Stage } from './Stage.tsx';

describe('the stage', () => {
  it('is a list whose items say name, role and whether they are muted or away', () => {
    renderRoom(new FakeRoomClient(make.roomView()), <Stage />);
    const list = screen.getByRole('list', { name: 'On stage' });
    expect(
      within(list)
        .getAllByRole('listitem')
        .map((item) => item.getAttribute('aria-label')),
    ).toEqual([
      'Ada Lovelace, Host, microphone on',
      'Boris Vian, Co-host, muted',
      'Chen Wei, Speaker, microphone on',
      'Dalia Haddad, Speaker, muted',
      'Émil, Speaker, reconnecting',
    ]);
  });

  it('whoever is heard is marked on their own tile', () => {
    const client = new FakeRoomClient(make.roomView());
    renderRoom(client, <Stage />);
    act(() => client.speak(make.chen.userId, true));
    const tile = screen.getByRole('listitem', { name: 'Chen Wei, Speaker, speaking' });
    expect(tile.dataset.speaking).toBe('true');
    act(() => client.speak(make.chen.userId, false));
    expect(tile.dataset.speaking).toBe('false');
  });

  it('a listener has no actions on anyone', () => {
    renderRoom(new FakeRoomClient(make.roomView()), <Stage />);
    expect(screen.queryAllByRole('button')).toEqual([]);
  });

  it('the host opens the actions on everyone but themselves', async () => {
    renderRoom(new FakeRoomClient(make.hostView()), <Stage />);
    expect(await screen.findByRole('button', { name: /Actions for Boris Vian/ })).toBeTruthy();
    expect(screen.queryByRole('button', { name: /Actions for Ada Lovelace/ })).toBeNull();
  });

  it('muting happens at once, banning only after a question', async () => {
    const mute = recorded();
    const ban = recorded();
    const { user } = renderRoom(
      new FakeRoomClient(make.hostView(), { 'stage:mute': mute, 'peer:ban': ban }),
      <Stage />,
    );
    await user.click(await screen.findByRole('button', { name: /Actions for Chen Wei/ }));
    await user.click(screen.getByRole('menuitem', { name: 'Mute' }));
    expect(mute).toHaveBeenCalledWith({ userId: make.chen.userId });
    await user.click(screen.getByRole('button', { name: /Actions for Chen Wei/ }));
    await user.click(screen.getByRole('menuitem', { name: 'Ban from the room' }));
    expect(ban).not.toHaveBeenCalled();
    const question = await screen.findByRole('alertdialog', { name: 'Ban Chen Wei?' });
    await user.click(within(question).getByRole('button', { name: 'Ban from the room' }));
    expect(ban).toHaveBeenCalledWith({ userId: make.chen.userId });
  });

  it('a refusal is told with its next step', async () => {
    const mute = () => Promise.reject(new SignalingError({ code: 'NOT_FOUND', message: '' }));
    const { user } = renderRoom(new FakeRoomClient(make.hostView(), { 'stage:mute': mute }), <Stage />);
    await user.click(await screen.findByRole('button', { name: /Actions for Chen Wei/ }));
    await user.click(screen.getByRole('menuitem', { name: 'Mute' }));
    expect(await screen.findByText('They may have just left. Try again if they come back.')).toBeTruthy();
  });
});
