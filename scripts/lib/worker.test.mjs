import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findWorker } from './worker.mjs';

// What a real worker does when it is started by hand, and what the system says when a library of it is gone.
const RUNS = 'exit 41';
const LACKS_A_LIBRARY = 'echo "error while loading shared libraries: libuv.so.1" >&2; exit 127';

let folder;
let mediasoup;
let prebuilt;
let asked;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tribune-worker-test-'));
  mediasoup = join(folder, 'mediasoup');
  prebuilt = join(mediasoup, 'worker', 'out', 'Release', 'mediasoup-worker');
  asked = [];
  await mkdir(mediasoup);
  await writeFile(join(mediasoup, 'package.json'), '{ "version": "9.9.9" }');
});
afterEach(() => rm(folder, { recursive: true }));

async function writeWorker(path, script) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/** Finds a worker where a download and a build put these stand-ins, or nothing. */
function find({ download, build, given } = {}) {
  return findWorker({
    mediasoup,
    env: { XDG_CACHE_HOME: join(folder, 'cache'), MEDIASOUP_WORKER_BIN: given },
    from: {
      download: async () => {
        asked.push('download');
        if (download) await writeWorker(prebuilt, download);
      },
      build: async (_mediasoup, target) => {
        asked.push('build');
        if (build) await writeWorker(target, build);
      },
    },
  });
}

describe('the mediasoup-worker that is chosen', () => {
  test('is MEDIASOUP_WORKER_BIN where it is set', async () => {
    const given = join(folder, 'own');
    await writeWorker(given, RUNS);
    await find({ build: RUNS });
    asked = [];
    expect(await find({ given })).toBe(given);
    expect(asked).toEqual([]);
  });

  test('is never another one than MEDIASOUP_WORKER_BIN, even where that does not run', async () => {
    const given = join(folder, 'own');
    await expect(find({ given, build: RUNS })).rejects.toThrow('no such file');
    await writeWorker(given, LACKS_A_LIBRARY);
    await expect(find({ given, build: RUNS })).rejects.toThrow('libuv.so.1');
    expect(asked).toEqual([]);
  });

  test('is upstream’s binary where it can be downloaded and runs', async () => {
    expect(await find({ download: RUNS, build: RUNS })).toBe(prebuilt);
    expect(await find({ download: RUNS, build: RUNS })).toBe(prebuilt);
    expect(asked).toEqual(['download']);
  });

  test('is a build where the download does not run, and the same build from then on', async () => {
    const built = await find({ download: LACKS_A_LIBRARY, build: RUNS });
    expect(built).toMatch(/cache\/tribune\/mediasoup-worker-9\.9\.9-[0-9a-f]+\/mediasoup-worker$/);
    expect(await find()).toBe(built);
    expect(asked).toEqual(['download', 'build']);
  });

  test('is an earlier build, before upstream’s binary', async () => {
    const built = await find({ build: RUNS });
    await writeWorker(prebuilt, RUNS);
    expect(await find()).toBe(built);
  });

  test('is built anew when the earlier build no longer runs', async () => {
    const built = await find({ build: RUNS });
    await writeWorker(built, LACKS_A_LIBRARY);
    expect(await find({ build: RUNS })).toBe(built);
    expect(asked).toEqual(['download', 'build', 'download', 'build']);
  });

  test('is another one for another version', async () => {
    const built = await find({ build: RUNS });
    await writeFile(join(mediasoup, 'package.json'), '{ "version": "9.9.10" }');
    expect(await find({ build: RUNS })).not.toBe(built);
  });

  test('is none when not even the build runs', async () => {
    await expect(find({ build: LACKS_A_LIBRARY })).rejects.toThrow('libuv.so.1');
  });
});
