import { act, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { FakeRoomClient } from '../../../dev/FakeRoomClient.ts';
import * as make from '../../../dev/fixtures.ts';
import { recorded, renderRoom } from '../../../dev/renderRoom.tsx';
import { HandsQueue } from './HandsQueue.tsx';

it('shows the host the hands in the order in which they were raised, with their count', () => {
  renderRoom(new FakeRoomClient(make.hostView()), <HandsQueue />);
  const rows = within(screen.getByRole('list', { name: 'Raised hands' })).getAllByRole('listitem');
  expect(rows.map((row) => row.textContent)).toEqual([
    expect.stringContaining('Fatou Ndiaye'),
    expect.stringContaining('Georg'),
    expect.stringContaining('Hana Sato'),
  ]);
  expect(screen.getByRole('img', { name: '3 raised hands' })).toBeTruthy();
});

it('brings up or lowers the hand that was chosen', async () => {
  const approveHand = recorded();
  const declineHand = recorded();
  const { user } = renderRoom(
    new FakeRoomClient(make.hostView(), { 'hand:approve': approveHand, 'hand:decline': declineHand }),
    <HandsQueue />,
  );
  await user.click(screen.getByRole('button', { name: 'Bring up Georg' }));
  await user.click(screen.getByRole('button', { name: 'Lower the hand of Hana Sato' }));
  expect(approveHand).toHaveBeenCalledWith({ userId: make.person('Georg').userId });
  expect(declineHand).toHaveBeenCalledWith({ userId: make.person('Hana Sato').userId });
});

it('lowers all hands at once, after a question, and offers it from two hands on', async () => {
  const lowerAll = recorded();
  const client = new FakeRoomClient(make.hostView(), { 'hand:lowerAll': lowerAll });
  const { user } = renderRoom(client, <HandsQueue />);
  await user.click(screen.getByRole('button', { name: 'Lower all' }));
  await screen.findByRole('alertdialog', { name: 'Lower 3 hands?' });
  await user.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(lowerAll).not.toHaveBeenCalled();
  await user.click(screen.getByRole('button', { name: 'Lower all' }));
  await user.click(within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'Lower all' }));
  expect(lowerAll).toHaveBeenCalledOnce();
  act(() => client.set({ hands: make.crowd.slice(0, 1), state: make.roomState({ handCount: 1 }) }));
  expect(screen.queryByRole('button', { name: 'Lower all' })).toBeNull();
});

it('says so when no hand is up', () => {
  renderRoom(new FakeRoomClient(make.hostView({ hands: [], state: make.roomState() })), <HandsQueue />);
  expect(screen.getByText(/No hands up/)).toBeTruthy();
});

it('shows nothing to those who may not decide', () => {
  renderRoom(new FakeRoomClient(make.roomView()), <HandsQueue />);
  expect(screen.queryByRole('heading')).toBeNull();
});
