import { screen } from '@testing-library/react';
import type { RecordingInfo } from '@tribune/shared/recordings.ts';
import { expect, test } from 'vitest';
import { renderPage } from '../../dev/renderRoom.tsx';
import { saveShortcutsOn } from '../settings/shortcuts.ts';
import { ReplayView } from './ReplayView.tsx';

const ada = { userId: 'ada', name: 'Ada' };
const ben = { userId: 'ben', name: 'Ben' };
const replay = {
  durationMs: 60_000,
  audio: '/audio.mp4',
  ogg: '/audio.ogg',
  people: [ada, ben],
  turns: [
    { person: 0, fromMs: 0, toMs: 20_000 },
    { person: 1, fromMs: 21_000, toMs: 50_000 },
  ],
  levels: [3, 9, 0],
  levelMs: 20_000,
  gaps: [],
  chapters: [],
  hls: null,
  reactions: [],
};

function show(changes: Partial<RecordingInfo> = {}) {
  const recording: RecordingInfo = {
    ...{ id: 'room-0001', title: 'A room', host: ada, language: 'en', state: 'ready', visibility: 'unlisted' },
    ...{ startedAt: 0, mayEdit: false, soFar: null, replay, ...changes },
  };
  return renderPage(<ReplayView recording={recording} replay={replay} onChanged={() => undefined} />);
}

const slider = () => screen.getByRole('slider', { name: 'Position' });

test('the slider says where one is and who speaks there', () => {
  show();
  expect(slider().getAttribute('aria-valuetext')).toBe('0:00 of 1:00, Ada speaking');
});

test('N goes to the next speaker, and P to the beginning of the one before', async () => {
  const { user } = show();
  await user.keyboard('n');
  expect(slider().getAttribute('aria-valuetext')).toBe('0:21 of 1:00, Ben speaking');
  await user.keyboard('p');
  expect(slider().getAttribute('aria-valuetext')).toBe('0:00 of 1:00, Ada speaking');
});

test('whoever spoke is listed with their time, the longest first', () => {
  show();
  const names = screen.getAllByRole('button', { name: /^(Ada|Ben), / }).map(({ textContent }) => textContent);
  expect(names).toEqual([expect.stringContaining('Ben, 0:29'), expect.stringContaining('Ada, 0:20')]);
});

test('its host alone can rename and delete it', () => {
  const { unmount } = show();
  expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  unmount();
  show({ mayEdit: true });
  expect(screen.getByRole('button', { name: 'Delete' })).toBeTruthy();
});

test('single keys do what they do on a Cyrillic keyboard, too, and nothing where they are turned off', async () => {
  const { user } = show();
  await user.keyboard('[KeyN]');
  const after = slider().getAttribute('aria-valuetext');
  expect(after).toMatch(/Ben/);
  saveShortcutsOn(false);
  await user.keyboard('p');
  expect(slider().getAttribute('aria-valuetext')).toBe(after);
  saveShortcutsOn(true);
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'з', code: 'KeyP', bubbles: true }));
  await expect.poll(() => slider().getAttribute('aria-valuetext')).toMatch(/Ada/);
});
