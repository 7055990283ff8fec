import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderStore } from '../src/objects/FolderStore.ts';
import type { ObjectStore } from '../src/objects/ObjectStore.ts';
import { S3Store } from '../src/objects/S3Store.ts';
import { startS3 } from './support/startS3.ts';

const LARGE = 9 * 1024 * 1024;
const bytesOf = (text: string) => new TextEncoder().encode(text);

interface Started {
  readonly store: ObjectStore;
  stop(): Promise<void>;
}

describe.each([
  { kind: 'a folder', start: startFolder },
  { kind: 'an S3 API', start: startBucket },
])('objects in $kind', ({ start }) => {
  let started: Started;
  let store: ObjectStore;

  const read = async (key: string, options?: Parameters<ObjectStore['get']>[1]) =>
    (await buffer((await store.get(key, options)).body)).toString();
  const keysUnder = async (prefix: string) => {
    const keys: string[] = [];
    for await (const { key } of store.list(prefix)) keys.push(key);
    return keys.toSorted();
  };

  beforeAll(async () => {
    started = await start();
    ({ store } = started);
  });

  afterAll(async () => {
    await started.stop();
  });

  it('an object is read as it was put, and replaced by the next of its key', async () => {
    expect(await store.put('a/one.m4s', bytesOf('first'))).toEqual({ key: 'a/one.m4s', bytes: 5 });
    await store.put('a/one.m4s', bytesOf('second'));
    expect(await read('a/one.m4s')).toBe('second');
    expect(await store.find('a/one.m4s')).toEqual({ key: 'a/one.m4s', bytes: 6 });
  });

  it('an object may be empty', async () => {
    await store.put('a/empty.json', new Uint8Array());
    expect(await store.find('a/empty.json')).toEqual({ key: 'a/empty.json', bytes: 0 });
    expect(await read('a/empty.json')).toBe('');
  });

  it('a stream of unknown length is put whole', async () => {
    async function* chunks() {
      for (let sent = 0; sent < LARGE; sent += 65_536) yield new Uint8Array(65_536).fill(sent / 65_536);
    }
    expect(await store.put('a/large.ogg', chunks())).toEqual({ key: 'a/large.ogg', bytes: LARGE });
    const { bytes, body } = await store.get('a/large.ogg');
    const content = await buffer(body);
    expect([bytes, content.length, content[65_536 * 100]]).toEqual([LARGE, LARGE, 100]);
  });

  it('a range is read, with the length of the whole', async () => {
    await store.put('a/range.m4s', bytesOf('0123456789'));
    const { bytes, body } = await store.get('a/range.m4s', { range: { start: 2, end: 4 } });
    expect([bytes, (await buffer(body)).toString()]).toEqual([10, '234']);
    expect(await read('a/range.m4s', { range: { start: 7 } })).toBe('789');
    expect(await read('a/range.m4s', { range: { start: 8, end: 99 } })).toBe('89');
    await expect(store.get('a/range.m4s', { range: { start: 10 } })).rejects.toMatchObject({ reason: 'RANGE' });
  });

  it('what does not exist is not found', async () => {
    await expect(store.get('a/none')).rejects.toMatchObject({ name: 'StorageError', reason: 'NOT_FOUND' });
    expect(await store.find('a/none')).toBeNull();
    expect(await keysUnder('none/')).toEqual([]);
    expect(await store.delete('none/')).toBe(0);
  });

  it('list and delete take all under a prefix, and nothing beside it', async () => {
    for (const key of ['r/1/init.mp4', 'r/1/tracks/u.ogg', 'r/1/1.m4s', 'r/10/1.m4s'])
      await store.put(key, bytesOf('x'));
    expect(await keysUnder('r/1/')).toEqual(['r/1/1.m4s', 'r/1/init.mp4', 'r/1/tracks/u.ogg']);
    expect(await store.delete('r/1/')).toBe(3);
    expect(await keysUnder('r/')).toEqual(['r/10/1.m4s']);
  });

  it('more objects than one page are listed and deleted', async () => {
    for (let n = 0; n < 1100; n += 50)
      await Promise.all(Array.from({ length: 50 }, async (_, i) => store.put(`many/${n + i}.m4s`, bytesOf('x'))));
    expect(await keysUnder('many/')).toHaveLength(1100);
    expect(await store.delete('many/')).toBe(1100);
    expect(await keysUnder('many/')).toEqual([]);
  });

  it.each([
    '../secret',
    'a/../../secret',
    '/etc/passwd',
    'a//b',
    'a/.hidden',
    'a\\..\\b',
    'a/b\0',
    '',
    `${'a'.repeat(513)}`,
  ])('the key %j is refused', async (key) => {
    const refusal = { reason: 'INVALID_KEY' };
    await expect(store.put(key, bytesOf('x'))).rejects.toMatchObject(refusal);
    await expect(store.get(key)).rejects.toMatchObject(refusal);
    await expect(store.find(key)).rejects.toMatchObject(refusal);
    await expect(store.delete(`${key}/`)).rejects.toMatchObject(refusal);
  });

  it('a prefix ends with a slash', async () => {
    await expect(store.delete('a')).rejects.toMatchObject({ reason: 'INVALID_KEY' });
  });

  it('a stream that fails, or whose caller gives up, leaves no object', async () => {
    async function* failing() {
      yield bytesOf('half');
      throw new Error('The source has ended');
    }
    await expect(store.put('a/half.m4s', failing())).rejects.toMatchObject({ name: 'StorageError' });

    const caller = new AbortController();
    async function* endless() {
      for (;;) {
        yield bytesOf('more');
        await new Promise((resolve) => setTimeout(resolve, 10));
        caller.abort();
      }
    }
    const put = store.put('a/half.m4s', endless(), { signal: caller.signal });
    await expect(put).rejects.toMatchObject({ reason: 'ABORTED' });
    await expect(store.put('a/half.m4s', bytesOf('x'), { signal: caller.signal })).rejects.toMatchObject({
      reason: 'ABORTED',
    });
    expect(await store.find('a/half.m4s')).toBeNull();
  });

  it('a check succeeds', async () => {
    await expect(store.check()).resolves.toBeUndefined();
  });
});

describe('a folder of objects', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-objects-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('takes nothing while less than the reserve of the disk is free, and still gives what it has', async () => {
    await new FolderStore({ folder }).put('a/b', bytesOf('kept'));
    const full = new FolderStore({ folder, reserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(full.put('a/c', bytesOf('x'))).rejects.toMatchObject({ reason: 'STORAGE_FULL', code: 'UNAVAILABLE' });
    await expect(full.check()).rejects.toMatchObject({ reason: 'STORAGE_FULL' });
    expect((await buffer((await full.get('a/b')).body)).toString()).toBe('kept');
    expect(await full.delete('a/')).toBe(1);
  });

  it('on a disk without a free byte says so, and leaves no part of a file behind', async ({ skip }) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      skip('takes the right to mount');
    }
    try {
      const store = new FolderStore({ folder, reserveBytes: 0 });
      await store.put('a/fits', new Uint8Array(20_000));
      await expect(store.put('a/does-not', new Uint8Array(100_000))).rejects.toMatchObject({ reason: 'STORAGE_FULL' });
      expect(await readdir(join(folder, 'a'))).toEqual(['fits']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  it('a disk that does not answer in time is a timeout', async () => {
    const store = new FolderStore({ folder, deadlineMs: 2 });
    async function* slow() {
      await new Promise((resolve) => setTimeout(resolve, 200));
      yield bytesOf('late');
    }
    await expect(store.put('a/slow', slow())).rejects.toMatchObject({ reason: 'TIMEOUT' });
  });

  it('forgets what writers that died have left, and lists none of it', async () => {
    const store = new FolderStore({ folder });
    await mkdir(join(folder, 'a'));
    for (const name of ['.part-old', '.part-new']) await writeFile(join(folder, 'a', name), 'half');
    await utimes(join(folder, 'a', '.part-old'), 0, 0);
    expect(await store.list('a/').next()).toMatchObject({ done: true });
    await store.sweep();
    expect(await readdir(join(folder, 'a'))).toEqual(['.part-new']);
  });

  it('that cannot be made is unavailable', async () => {
    await writeFile(join(folder, 'file'), '');
    const store = new FolderStore({ folder: join(folder, 'file', 'objects') });
    await expect(store.check()).rejects.toMatchObject({ name: 'StorageError' });
    await expect(store.put('a/b', bytesOf('x'))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });
});

describe('an S3 API', () => {
  it('that refuses our signature, that has no such bucket, and that is away, are unavailable', async () => {
    const server = await startS3({ checksSignatures: true });
    const right = new S3Store(server.options);
    await right.put('a/b', bytesOf('signed'));
    expect((await buffer((await right.get('a/b')).body)).toString()).toBe('signed');
    const wrong = new S3Store({ ...server.options, secretAccessKey: 'wrong' });
    await expect(wrong.put('a/b', bytesOf('x'))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    const elsewhere = new S3Store({ ...server.options, url: server.options.url.replace('tribune', 'other') });
    await expect(elsewhere.check()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    await expect(elsewhere.put('a/b', bytesOf('x'))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    await server.stop();
    const away = new S3Store(server.options);
    await expect(away.put('a/b', bytesOf('x'))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    await expect(away.check()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });

  // The server of the other tests has no quota and is never slow.
  it.each([
    { status: 507, body: '', reason: 'STORAGE_FULL' },
    { status: 403, body: '<Error><Code>QuotaExceeded</Code><Message>no</Message></Error>', reason: 'STORAGE_FULL' },
    { status: 503, body: '<Error><Code>SlowDown</Code><Message>no</Message></Error>', reason: 'UNAVAILABLE' },
    { status: 0, body: '', reason: 'TIMEOUT' },
  ])('that answers $status $body: $reason', async ({ status, body, reason }) => {
    const server = createServer((_req, res) => {
      if (status > 0) res.writeHead(status, { 'content-type': 'application/xml' }).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const access = { region: 'auto', accessKeyId: 'a', secretAccessKey: 'b' };
    const store = new S3Store({
      ...access,
      url: `http://127.0.0.1:${port}/tribune`,
      deadlineMs: status > 0 ? 5000 : 50,
    });
    await expect(store.put('a/b', bytesOf('x'))).rejects.toMatchObject({ reason });
    server.closeAllConnections();
    server.close();
  });
});

async function startFolder(): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'tribune-objects-'));
  const stop = async () => rm(folder, { recursive: true, force: true });
  return { store: new FolderStore({ folder, reserveBytes: 0 }), stop };
}

async function startBucket(): Promise<Started> {
  const { options, stop } = await startS3();
  return { store: new S3Store(options), stop };
}
