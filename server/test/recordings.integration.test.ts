import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { Database } from '../src/sql/Database.ts';
import { PAUSED } from '../src/sql/recording.ts';
import { RecordingStore } from '../src/sql/RecordingStore.ts';
import { RecordingWriter } from '../src/sql/RecordingWriter.ts';
import { newRecording } from './support/recordings.ts';
import { kindsOfDatabase, type TestDatabases } from './support/testDatabases.ts';

describe.each(kindsOfDatabase)('recordings in $kind', ({ start }) => {
  let databases: TestDatabases;
  let database: Database;
  let recordings: RecordingStore;
  let log: RecordingWriter;

  beforeAll(async () => {
    databases = await start();
    database = new Database({ url: await databases.create(), logger: createLogger({ LOG_LEVEL: 'silent' }) });
    recordings = new RecordingStore(database);
    log = new RecordingWriter({ database });
    await database.whenOpen();
  });

  afterAll(async () => {
    await log.close();
    await database.close();
    await databases.stop();
  });

  it('a recording is found with all that was told of it, in the order of time', async () => {
    const ada = { userId: 'u-ada', name: 'Ada' };
    log.start(newRecording({ id: 'whole' }));
    log.addRun('whole', { node: 'node-1', first: 100, last: 100, bytes: 12_000 });
    log.addRun('whole', { node: 'node-1', first: 100, last: 102, bytes: 36_000 });
    log.addRun('whole', { node: 'node-2', first: 90, last: 101, bytes: 144_000 });
    log.addGap('whole', { from: 1_009_000, to: 1_012_000, reason: 'STORAGE_FULL' });
    log.addStretch('whole', { kind: 'stage', person: ada, from: 1_001_000, to: null });
    log.addStretch('whole', { kind: 'speech', person: ada, from: 1_002_000, to: 1_004_000 });
    log.addChapter('whole', { id: 'c2', at: 1_005_000, title: 'Questions', automatic: false });
    log.addChapter('whole', { id: 'c1', at: 1_000_000, title: 'Opening', automatic: true });
    log.addReactions('whole', { at: 1_006_000, count: 3 });
    log.addReactions('whole', { at: 1_003_000, count: 1 });
    log.finish('whole', { endedAt: 1_020_000 });
    await log.flush();
    await recordings.addCuts('whole', [{ id: 'cut', from: 1_019_000, to: 1_020_000, userId: null }]);

    expect(await recordings.find('whole')).toEqual({
      ...newRecording({ id: 'whole' }),
      ...{ state: 'ready', endedAt: 1_020_000, durationMs: 20_000, bytes: 180_000 },
      runs: [
        { node: 'node-2', first: 90, last: 101, bytes: 144_000 },
        { node: 'node-1', first: 100, last: 102, bytes: 36_000 },
      ],
      gaps: [{ from: 1_009_000, to: 1_012_000, reason: 'STORAGE_FULL' }],
      stretches: [
        { kind: 'stage', person: ada, from: 1_001_000, to: 1_020_000 },
        { kind: 'speech', person: ada, from: 1_002_000, to: 1_004_000 },
      ],
      chapters: [
        { id: 'c1', at: 1_000_000, title: 'Opening', automatic: true },
        { id: 'c2', at: 1_005_000, title: 'Questions', automatic: false },
      ],
      cuts: [{ id: 'cut', from: 1_019_000, to: 1_020_000, userId: null }],
      reactions: [
        { at: 1_003_000, count: 1 },
        { at: 1_006_000, count: 3 },
      ],
    });
  });

  it('a recording that is started again goes on, and keeps what it had', async () => {
    log.start(newRecording({ id: 'again' }));
    log.addRun('again', { node: 'node-1', first: 1, last: 5, bytes: 5 });
    log.finish('again', { endedAt: 1_015_000 });
    await log.flush();
    log.start(newRecording({ id: 'again', node: 'node-2', title: 'Another title', startedAt: 2_000_000 }));
    await log.flush();

    expect(await recordings.find('again')).toMatchObject({
      ...{ state: 'recording', endedAt: null, node: 'node-2', title: 'Evening talk', startedAt: 1_000_000 },
      runs: [{ first: 1, last: 5 }],
    });
  });

  it('a recording is as long as what is there: without pauses, and without what was deleted before it began', async () => {
    log.start(newRecording({ id: 'length', startedAt: 2_000_000 }));
    log.addGap('length', { from: 1_900_000, to: 2_000_000, reason: PAUSED });
    log.addGap('length', { from: 2_004_000, to: 2_010_000, reason: PAUSED });
    log.addGap('length', { from: 2_011_000, to: 2_012_000, reason: 'recorder' });
    log.finish('length', { endedAt: 2_020_000 });
    await log.flush();

    expect(await recordings.find('length')).toMatchObject({ durationMs: 14_000 });
  });

  it('lists are of one room, one host or one visibility, the newest first, by pages', async () => {
    for (const n of [1, 2, 3])
      log.start(
        newRecording({ id: `list-${n}`, roomId: 'list', startedAt: n, visibility: n === 2 ? 'public' : 'private' }),
      );
    await log.flush();
    const idsOf = async (filter: Parameters<RecordingStore['list']>[0]) =>
      (await recordings.list(filter)).map(({ id }) => id);

    expect(await idsOf({ roomId: 'list', limit: 2 })).toEqual(['list-3', 'list-2']);
    expect(await idsOf({ roomId: 'list', before: 2 })).toEqual(['list-1']);
    expect(await idsOf({ visibility: 'public' })).toEqual(['list-2']);
    expect(await idsOf({ hostId: 'nobody' })).toEqual([]);
  });

  it('a host changes title, visibility and retention', async () => {
    log.start(newRecording({ id: 'changed' }));
    await log.flush();

    expect(await recordings.change('changed', { title: 'New', retentionDays: 7 })).toBe(true);
    expect(await recordings.change('changed', { visibility: 'public' })).toBe(true);
    expect(await recordings.change('changed', {})).toBe(true);
    expect(await recordings.change('unknown', { title: 'New' })).toBe(false);
    expect(await recordings.find('changed')).toMatchObject({ title: 'New', retentionDays: 7, visibility: 'public' });
  });

  it('chapters are put, replaced and deleted', async () => {
    log.start(newRecording({ id: 'chapters' }));
    await log.flush();
    await recordings.putChapter('chapters', { id: 'a', at: 5, title: 'First', automatic: false });
    await recordings.putChapter('chapters', { id: 'a', at: 6, title: 'Second', automatic: false });
    expect((await recordings.find('chapters'))?.chapters).toEqual([
      { id: 'a', at: 6, title: 'Second', automatic: false },
    ]);
    expect(await recordings.deleteChapter('chapters', 'a')).toBe(true);
    expect(await recordings.deleteChapter('chapters', 'a')).toBe(false);
  });

  it('clips are added, found, listed and deleted', async () => {
    log.start(newRecording({ id: 'clips' }));
    await log.flush();
    const clip = { id: 'clip', recordingId: 'clips', from: 1, to: 2, title: 'A word', userId: 'u', createdAt: 3 };
    await recordings.addClip(clip);
    expect(await recordings.findClip('clip')).toEqual(clip);
    expect(await recordings.listClips('clips')).toEqual([clip]);
    expect(await recordings.deleteClip('clip')).toBe(true);
    expect(await recordings.findClip('clip')).toBeNull();
  });

  it('a row of a recording that does not exist is a conflict, and in the log a loss that is told once', async () => {
    await expect(
      recordings.putChapter('unknown', { id: 'a', at: 5, title: 'First', automatic: false }),
    ).rejects.toMatchObject({ name: 'SqlError', reason: 'CONFLICT' });

    const lost: unknown[] = [];
    log.on('lost', (loss) => lost.push(loss));
    log.addRun('unknown', { node: 'node-1', first: 1, last: 1, bytes: 1 });
    log.addRun('unknown', { node: 'node-1', first: 3, last: 3, bytes: 1 });
    log.start(newRecording({ id: 'beside' }));
    await log.flush();

    expect(lost).toEqual([{ recordingId: 'unknown', reason: 'refused' }]);
    expect(await recordings.find('beside')).not.toBeNull();
  });

  it('usage is what a room has, and what all rooms have', async () => {
    const before = await recordings.usage('usage');
    log.start(newRecording({ id: 'usage', roomId: 'usage' }));
    log.addRun('usage', { node: 'node-1', first: 1, last: 9, bytes: 3_000_000_000 });
    await log.flush();

    expect(before.room).toBe(0);
    expect(await recordings.usage('usage')).toEqual({ room: 3_000_000_000, total: before.total + 3_000_000_000 });
  });
});
