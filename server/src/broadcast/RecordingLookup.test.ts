import { expect, test } from 'vitest';
import type { RecordingDetail } from '../sql/recording.ts';
import { RecordingLookup } from './RecordingLookup.ts';

function lookupOf(recording: Partial<RecordingDetail> | null) {
  const asked: string[] = [];
  const lookup = new RecordingLookup({
    find: async (id) => {
      asked.push(id);
      return Promise.resolve(recording as RecordingDetail | null);
    },
  });
  return { lookup, asked };
}

test('All who hear a recording while it goes on share one look at it, for less than a second', async () => {
  const { lookup, asked } = lookupOf({ state: 'recording' });
  for (let n = 0; n < 10; n++) await lookup.find('r');
  expect(asked).toHaveLength(1);
  await expect.poll(async () => lookup.find('r').then(() => asked.length), { timeout: 900 }).toBe(2);
});

test('What is not there is looked for each time', async () => {
  const { lookup, asked } = lookupOf(null);
  for (let n = 0; n < 3; n++) expect(await lookup.find('r')).toBeNull();
  expect(asked).toHaveLength(3);
});
