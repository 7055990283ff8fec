import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PackagesMissing } from './apt.mjs';
import { ensureOpus } from './opus.mjs';

let dir;
let installed;
let said;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tribune-opus-test-'));
  [installed, said] = [0, []];
});
afterEach(async () => rm(dir, { recursive: true }));

const ensure = (isThere, { platform = 'linux', fails } = {}) =>
  ensureOpus('node', {
    platform,
    stamp: join(dir, 'cache', 'stamp'),
    say: (line) => said.push(line),
    from: {
      isThere: async () => isThere,
      install: async () => {
        installed += 1;
        if (fails) throw fails;
      },
    },
  });

test('libopus is installed on Linux where it is missing, and nowhere else', async () => {
  await ensure(true);
  await ensure(false, { platform: 'darwin' });
  expect(installed).toBe(0);
  await ensure(false);
  expect([installed, said]).toEqual([1, []]);
});

test('a set-up goes on without libopus, says so in one line, and does not try again', async () => {
  const fails = new PackagesMissing(['libopus0'], 'A mixer', 'there is no network');
  await ensure(false, { fails });
  await ensure(false, { fails });
  expect(installed).toBe(1);
  expect(said).toHaveLength(1);
  expect(said[0]).not.toContain('\n');
});

test('a set-up that is told to stop while it installs libopus stops', async () => {
  await expect(ensure(false, { fails: new Error('stopped') })).rejects.toThrow('stopped');
  await ensure(false);
  expect(installed).toBe(2);
});
