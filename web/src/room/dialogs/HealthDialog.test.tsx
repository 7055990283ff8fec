import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeRoomClient } from '../../../dev/FakeRoomClient.ts';
import * as make from '../../../dev/fixtures.ts';
import { called, renderRoom } from '../../../dev/renderRoom.tsx';
import HealthDialog from './HealthDialog.tsx';
import { RoomDialogs } from './RoomDialogs.tsx';
import { thinOut, toPoints } from './sparkline.ts';

function show(health = make.roomHealth()) {
  const client = new FakeRoomClient(make.hostView(), { 'room:health': () => Promise.resolve(health) });
  return renderRoom(client, <HealthDialog onClose={called()} />);
}

describe('the health of a room', () => {
  it('says in words what its lines draw', async () => {
    show(make.roomHealth({ listeners: [12, 61, 48], reactions: [0, 2, 0] }));
    await screen.findByRole('img', {
      name: 'Listeners over the last 1 min: from 12 to 48, with a peak of 61.',
    });
    expect(screen.getByRole('region', { name: 'Reactions' }).textContent).toContain('2');
  });

  it('counts whoever listens now, though no sample has', async () => {
    show(make.roomHealth({ listeners: [0, 0], reactions: [0, 0] }));
    const { textContent } = await screen.findByRole('region', { name: 'Listeners' });
    expect(textContent).toContain(`peak ${make.hostView().listeners.toLocaleString('en')}`);
  });

  it('has a table of what was reported, and how much of it was good', async () => {
    show();
    expect((await screen.findByRole('row', { name: /First sound/ })).textContent).toContain('1.1\u00a0s');
    expect(screen.getByRole('columnheader', { name: 'Median' })).toBeTruthy();
    expect(screen.getByRole('columnheader', { name: '95th percentile' })).toBeTruthy();
    expect(screen.getByText('97% of recent reports show a good connection.')).toBeTruthy();
  });

  it('draws nothing from one sample, and no table from no report', async () => {
    const { quality } = make.roomHealth();
    show(make.roomHealth({ listeners: [3], reactions: [0], quality: { ...quality, reports: 0, weak: 0 } }));
    expect(await screen.findAllByText('The chart appears after a few moments.')).toHaveLength(2);
    expect(screen.queryByRole('table')).toBeNull();
  });

  it('[QU5] is closed to those who do not moderate', () => {
    renderRoom(new FakeRoomClient(make.roomView()), <RoomDialogs dialog="health" onDialog={called()} />);
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});

describe('a line', () => {
  it('keeps its peaks when it is thinned out', () => {
    expect(thinOut([1, 9, 2, 3, 4, 8], 3)).toEqual([9, 3, 8]);
    expect(thinOut([1, 2], 3)).toEqual([1, 2]);
  });

  it('goes from zero to its highest value', () => {
    expect(toPoints([0, 5, 10], 100, 50)).toBe('0,50 50,25 100,0');
    expect(toPoints([0, 0], 100, 50)).toBe('0,50 100,50');
  });
});
