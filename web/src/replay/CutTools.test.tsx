import { screen } from '@testing-library/react';
import type { RecordingEdit } from '@tribune/shared/recordings.ts';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { called, renderPage } from '../../dev/renderRoom.tsx';
import { CutTools } from './CutTools.tsx';

const edit: RecordingEdit = {
  uncut: {
    ...{ durationMs: 60_000, audio: '/uncut.mp4', ogg: '/uncut.ogg', levels: [3, 9, 0], levelMs: 20_000 },
    ...{ gaps: [], chapters: [], hls: null, reactions: [] },
    people: [
      { userId: 'ada', name: 'Ada' },
      { userId: 'ben', name: 'Ben' },
    ],
    turns: [
      { person: 0, fromMs: 0, toMs: 20_000 },
      { person: 1, fromMs: 21_000, toMs: 50_000 },
    ],
  },
  cuts: [
    { id: 'one', fromMs: 3000, toMs: 5000, userId: null },
    { id: 'two', fromMs: 20_700, toMs: 50_300, userId: 'ben' },
  ],
};

/** @param laterMs where one is after "Play on" was pressed */
function show(startMs: number, laterMs = startMs) {
  const does = { onPlayFrom: called(), onCut: called(), onPutBack: called(), onTakeBackIn: called() };
  function Playing() {
    const [positionMs, setPositionMs] = useState(startMs);
    return (
      <>
        <CutTools edit={edit} positionMs={positionMs} {...does} />
        <button onClick={() => setPositionMs(laterMs)}>Play on</button>
      </>
    );
  }
  return { ...renderPage(<Playing />), ...does };
}

test('it is cut to begin and to end where one is', async () => {
  const { user, onCut } = show(10_000);
  await user.click(screen.getByRole('button', { name: 'Begin here' }));
  await user.click(screen.getByRole('button', { name: 'End here' }));
  expect(onCut.mock.calls).toEqual([[{ fromMs: 0, toMs: 10_000 }], [{ fromMs: 10_000, toMs: 60_000 }]]);
});

test('whoever is left out is taken back in, and the others can be left out', async () => {
  const { user, onCut, onTakeBackIn } = show(0);
  await user.click(screen.getByRole('switch', { name: 'Leave Ada out' }));
  expect(onCut).toHaveBeenCalledWith({ userId: 'ada' });
  expect(screen.getByRole('switch', { name: 'Leave Ben out', checked: true })).toBeTruthy();
  await user.click(screen.getByRole('switch', { name: 'Leave Ben out' }));
  expect(onTakeBackIn).toHaveBeenCalledWith('ben');
});

test('each range that is cut out can be heard and put back', async () => {
  const { user, onPlayFrom, onPutBack } = show(0);
  await user.click(screen.getByRole('button', { name: 'Listen to 0:03 to 0:05' }));
  expect(onPlayFrom).toHaveBeenCalledWith(3000);
  await user.click(screen.getByRole('button', { name: 'Put 0:03 to 0:05 back' }));
  expect(onPutBack).toHaveBeenCalledWith('one');
});

test('a range is cut out from where one marked it to where one is, in either direction', async () => {
  const { user, onCut } = show(30_000, 10_000);
  await user.click(screen.getByRole('button', { name: 'Cut out from here' }));
  await user.click(screen.getByRole('button', { name: 'Play on' }));
  await user.click(screen.getByRole('button', { name: 'Cut out 0:10 to 0:30' }));
  expect(onCut).toHaveBeenCalledWith({ fromMs: 10_000, toMs: 30_000 });
  expect(screen.getByRole('button', { name: 'Cut out from here' })).toBeTruthy();
});
