import { expect, test } from 'vitest';
import { StorageError } from '../objects/StorageError.ts';
import { StorageWatch } from './StorageWatch.ts';

const full = { check: async () => Promise.reject(new StorageError('STORAGE_FULL', 'There is no room')) };

test('A problem is told once while something is to be stored, and again to whoever begins after a rest', async () => {
  const watch = new StorageWatch(full);
  const told: (string | null)[] = [];
  watch.on('changed', (problem) => told.push(problem));
  let nowMs = 0;
  const look = async () => {
    watch.tick((nowMs += 1000));
    await new Promise(setImmediate);
  };
  await look();
  await look();
  expect(told).toEqual(['STORAGE_FULL']);
  watch.rest();
  watch.rest();
  await look();
  expect(told).toEqual(['STORAGE_FULL', null, 'STORAGE_FULL']);
});
