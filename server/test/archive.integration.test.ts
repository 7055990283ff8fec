import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordingPrefix } from '../src/archive/Archive.ts';
import { RecordingArchive } from '../src/archive/RecordingArchive.ts';
import { readConfig } from '../src/config.ts';
import { createLogger } from '../src/logger.ts';
import { newRecording } from './support/recordings.ts';
import { kindsOfDatabase, type TestDatabases } from './support/testDatabases.ts';

const DAY_MS = 86_400_000;
const BYTES = new TextEncoder().encode('sound');
const WAIT = { timeout: 20_000 };

describe.each(kindsOfDatabase)('the archive with $kind', ({ kind, start }) => {
  let folder: string;
  let databases: TestDatabases;
  let url: string;
  const opened: RecordingArchive[] = [];

  /** A node; its first sweep is over. */
  const open = async (values: Readonly<Record<string, string>> = {}) => {
    const env = { REDIS_URL: 'redis://unused', DATA_DIR: folder, NODE_ID: 'node-1', ...values };
    const config = readConfig(kind === 'PostgreSQL' ? { ...env, DATABASE_URL: url } : env);
    const archive = new RecordingArchive(config, createLogger({ LOG_LEVEL: 'silent' }));
    opened.push(archive);
    await vi.waitFor(() => expect(archive.problems).toEqual({ sql: null, objects: null }), WAIT);
    await vi.waitFor(async () => expect(await archive.sweep().catch(() => false)).toBe(true), WAIT);
    return archive;
  };
  const record = async (
    archive: RecordingArchive,
    id: string,
    values: { roomId?: string; endedAt?: number; bytes?: number; node?: string },
  ) => {
    const { roomId = 'room', endedAt = Date.now(), bytes = BYTES.length, node = 'node-1' } = values;
    archive.log.start(newRecording({ id, roomId }));
    await archive.objects.put(`${recordingPrefix(id)}1.m4s`, BYTES);
    archive.log.addRun(id, { node, first: 1, last: 1, bytes });
    archive.log.finish(id, { endedAt });
    await archive.log.flush();
  };
  const hasSound = async (archive: RecordingArchive, id: string) =>
    (await archive.objects.find(`${recordingPrefix(id)}1.m4s`)) !== null;

  beforeAll(async () => {
    databases = await start();
  });

  afterAll(async () => {
    await databases.stop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-archive-'));
    url = await databases.create();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (archive) => archive.close()));
    await rm(folder, { recursive: true, force: true });
  });

  it('a recording that is deleted is gone for everyone at once, with its sound, and with nothing beside it', async () => {
    const archive = await open();
    await record(archive, 'gone', {});
    await record(archive, 'gone-not', {});

    expect(await archive.deleteRecording('gone')).toBe(true);
    expect(await archive.deleteRecording('gone')).toBe(false);
    expect(await archive.recordings.find('gone')).toBeNull();
    expect(await hasSound(archive, 'gone')).toBe(false);
    expect((await archive.recordings.list({})).map(({ id }) => id)).toEqual(['gone-not']);
    expect(await hasSound(archive, 'gone-not')).toBe(true);
  });

  it('a deletion during which the storage is away is finished by a later sweep', async () => {
    const archive = await open();
    await record(archive, 'half', {});
    const remove = vi.spyOn(archive.objects, 'delete').mockRejectedValueOnce(new Error('The storage is away'));

    expect(await archive.deleteRecording('half')).toBe(true);
    expect(await archive.recordings.find('half')).toBeNull();
    expect(await hasSound(archive, 'half')).toBe(true);
    expect(await archive.sweep()).toBe(true);
    expect(await hasSound(archive, 'half')).toBe(false);
    remove.mockRestore();
  });

  it('what a recorder writes after the deletion is not seen, and its sound is deleted by the next sweep', async () => {
    const archive = await open();
    await record(archive, 'late', {});
    await archive.deleteRecording('late');
    await record(archive, 'late', {});

    expect(await archive.recordings.find('late')).toBeNull();
    expect(await hasSound(archive, 'late')).toBe(true);
    await archive.sweep();
    expect(await hasSound(archive, 'late')).toBe(false);
    // The name is free again when no recorder can be left.
    await archive.sweep(Date.now() + 2 * DAY_MS);
    archive.log.start(newRecording({ id: 'late' }));
    await archive.log.flush();
    expect(await archive.recordings.find('late')).not.toBeNull();
  });

  it('a recording that begins after the deletion of one of its name is another one', async () => {
    const archive = await open();
    await record(archive, 'again', {});
    await archive.deleteRecording('again');
    const deletedAt = Date.now();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(deletedAt), WAIT);
    archive.log.start(newRecording({ id: 'again', title: 'Second part', startedAt: Date.now() }));
    await archive.log.flush();

    expect(await archive.recordings.find('again')).toMatchObject({
      title: 'Second part',
      state: 'recording',
      runs: [],
    });
    await archive.sweep();
    expect(await archive.recordings.find('again')).not.toBeNull();
  });

  it('recordings past the days of the server, or past their own where those are fewer, are deleted', async () => {
    const archive = await open({ RECORDING_RETENTION_DAYS: '10' });
    const now = Date.now();
    await record(archive, 'young', { endedAt: now - 9 * DAY_MS });
    await record(archive, 'old', { endedAt: now - 11 * DAY_MS });
    await record(archive, 'short', { endedAt: now - 9 * DAY_MS });
    await record(archive, 'long', { endedAt: now - 11 * DAY_MS });
    await archive.recordings.change('short', { retentionDays: 8 });
    await archive.recordings.change('long', { retentionDays: 100 });

    await archive.sweep(now);
    expect((await archive.recordings.list({})).map(({ id }) => id)).toEqual(['young']);
    expect(await hasSound(archive, 'old')).toBe(false);
  });

  it('a recording whose recorder died is ended at its last segment', async () => {
    const archive = await open();
    archive.log.start(newRecording({ id: 'orphan', startedAt: Date.now() - 5000 }));
    archive.log.addRun('orphan', { node: 'node-1', first: 1, last: 1, bytes: 1 });
    await archive.log.flush();

    await archive.sweep();
    expect(await archive.recordings.find('orphan')).toMatchObject({ state: 'recording' });
    await archive.sweep(Date.now() + DAY_MS);
    const ended = await archive.recordings.find('orphan');
    expect(ended).toMatchObject({ state: 'ready' });
    expect(ended?.endedAt).toBeLessThanOrEqual(Date.now());
    expect(ended?.durationMs).toBeGreaterThanOrEqual(5000);
  });

  it('a recording goes on for as long as its recorder says so, though nothing can be stored for hours', async () => {
    const archive = await open();
    const living = newRecording({ id: 'living', startedAt: Date.now() - DAY_MS });
    archive.log.start(living);
    await archive.log.flush();
    await archive.sweep();
    expect(await archive.recordings.find('living')).toMatchObject({ state: 'recording' });

    // Of one that was ended all the same, since the database was away for long, the recorder tells again.
    await archive.sweep(Date.now() + 0.1 * DAY_MS);
    expect(await archive.recordings.find('living')).toMatchObject({ state: 'ready' });
    archive.log.start(living);
    await archive.log.flush();
    expect(await archive.recordings.find('living')).toMatchObject({ state: 'recording', endedAt: null });
  });

  it('a recorder that has not heard of the end does not open the recording again, and its next part does', async () => {
    const archive = await open();
    const startedAt = Date.now() - 60_000;
    const first = newRecording({ id: 'parts', startedAt });
    archive.log.start(first);
    await archive.log.flush();
    archive.log.finish('parts', { endedAt: startedAt + 30_000 });
    await archive.log.flush();
    archive.log.start(first);
    await archive.log.flush();
    expect(await archive.recordings.find('parts')).toMatchObject({ state: 'ready', endedAt: startedAt + 30_000 });

    archive.log.start({ ...first, startedAt: startedAt + 40_000 });
    await archive.log.flush();
    expect(await archive.recordings.find('parts')).toMatchObject({ state: 'recording', startedAt, endedAt: null });
  });

  it('what other nodes have recorded counts for what is left', async () => {
    const quotas = { RECORDING_MAX_GB: '3', RECORDING_ROOM_MAX_GB: '1' };
    const one = await open({ ...quotas, NODE_ID: 'node-1' });
    await record(one, 'over', { roomId: 'over', bytes: 0.7e9 });
    const two = await open({ ...quotas, NODE_ID: 'node-2' });
    await record(two, 'over', { roomId: 'over', bytes: 0.4e9, node: 'node-2' });
    for (const node of [one, two]) {
      expect(await node.bytesLeft('over')).toBe(0);
      expect(await node.bytesLeft('other')).toBeCloseTo(1e9);
    }
  });

  it('a room has what is left of its own quota and of the server’s', async () => {
    const archive = await open({ RECORDING_MAX_GB: '3', RECORDING_ROOM_MAX_GB: '1' });
    expect(await archive.bytesLeft('a')).toBe(1e9);
    await record(archive, 'a-1', { roomId: 'a', bytes: 0.4e9 });
    await record(archive, 'b-1', { roomId: 'b', bytes: 2.5e9 });
    expect(await archive.bytesLeft('a')).toBeCloseTo(0.1e9);
    expect(await archive.bytesLeft('b')).toBe(0);
    await archive.deleteRecording('b-1');
    expect(await archive.bytesLeft('a')).toBe(0.6e9);
    expect(await (await open()).bytesLeft('a')).toBe(Infinity);
  });

  it('one node sweeps at a time', async () => {
    const one = await open({ NODE_ID: 'node-1' });
    const two = await open({ NODE_ID: 'node-2' });
    await record(one, 'shared', {});
    let go = () => {};
    const waiting = new Promise<number>((resolve) => {
      go = () => resolve(0);
    });
    const remove = vi.spyOn(one.objects, 'delete').mockImplementation(async () => waiting);
    void one.deleteRecording('shared');
    await vi.waitFor(async () => expect(await one.recordings.find('shared')).toBeNull(), WAIT);

    const sweeping = one.sweep();
    await vi.waitFor(() => expect(remove).toHaveBeenCalledTimes(2), WAIT);
    expect(await two.sweep()).toBe(false);
    go();
    expect(await sweeping).toBe(true);
    remove.mockRestore();
    expect(await two.sweep()).toBe(true);
  });
});

it('an archive whose folder cannot be used says so, and takes what it is told all the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tribune-archive-'));
  const file = join(folder, 'file');
  await writeFile(file, '');
  const config = readConfig({ REDIS_URL: 'redis://unused', DATA_DIR: file });
  const archive = new RecordingArchive(config, createLogger({ LOG_LEVEL: 'silent' }));
  archive.log.start(newRecording({ id: 'any' }));
  await vi.waitFor(() => {
    expect(archive.problems.objects).toBe('UNAVAILABLE');
    expect(archive.problems.sql).toMatch(/file/);
  }, WAIT);
  await expect(archive.recordings.find('any')).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(archive.log.waitingCount).toBe(1);
  await archive.close();
  await rm(folder, { recursive: true, force: true });
});
