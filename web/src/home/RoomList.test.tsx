import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { roomInfo } from '../../dev/fixtures.ts';
import { called, renderPage } from '../../dev/renderRoom.tsx';
import { RoomList } from './RoomList.tsx';

it('live rooms come first, the largest at the top; rooms that wait have a place of their own', () => {
  const rooms = [
    roomInfo({ id: 'room-small', title: 'Small', listeners: 3 }),
    roomInfo({ id: 'room-large', title: 'Large', listeners: 300 }),
    roomInfo({ id: 'room-soon', title: 'Soon', phase: 'backstage' }),
  ];
  renderPage(<RoomList rooms={{ kind: 'ready', value: rooms }} onRetry={called()} />);
  const live = screen.getByRole('region', { name: 'Live now' });
  expect(
    within(live)
      .getAllByRole('heading', { level: 3 })
      .map(({ textContent }) => textContent),
  ).toEqual(['Large', 'Small']);
  const soon = screen.getByRole('region', { name: 'Opening soon' });
  expect(within(soon).getByRole('link').getAttribute('href')).toBe('/r/room-soon');
});

it('no rooms at all invite to start one', () => {
  renderPage(<RoomList rooms={{ kind: 'ready', value: [] }} onRetry={called()} />);
  expect(screen.getByRole('heading', { name: 'The stage is free' })).toBeTruthy();
});

it('a failure says what to do, and can be retried', async () => {
  const onRetry = called();
  const { user } = renderPage(<RoomList rooms={{ kind: 'failed', problem: 'UNAVAILABLE' }} onRetry={onRetry} />);
  expect(screen.getByText(/Check your connection/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(onRetry).toHaveBeenCalledOnce();
});
