import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { FakeRoomClient } from '../../../dev/FakeRoomClient.ts';
import * as make from '../../../dev/fixtures.ts';
import { called, recorded, renderRoom } from '../../../dev/renderRoom.tsx';
import RoomMenu from './RoomMenu.tsx';

const show = (view = make.hostView(), setSound = recorded()) => ({
  setSound,
  ...renderRoom(
    new FakeRoomClient(view, { 'room:setSound': setSound }),
    <RoomMenu trigger={<button type="button">Menu</button>} onDialog={called()} />,
  ),
});

it('the host tunes the sound for music, and back for speech', async () => {
  const { setSound, user, unmount } = show();
  await user.click(screen.getByRole('menuitem', { name: 'Tune the sound for music' }));
  expect(setSound).toHaveBeenCalledExactlyOnceWith({ sound: 'music' });
  unmount();
  show(make.hostView({ state: make.roomState({ sound: 'music' }) }));
  expect(screen.getByRole('menuitem', { name: 'Tune the sound for speech' })).toBeTruthy();
});

it('nobody but the host is offered it', () => {
  show(make.roomView({ self: make.selfOf(make.boris, 'cohost') }));
  expect(screen.queryByRole('menuitem', { name: /Tune the sound/ })).toBeNull();
});
