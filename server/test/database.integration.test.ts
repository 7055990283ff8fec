import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startPostgres, type OwnPostgres } from '@tribune/scripts/postgres.mjs';
import { createLogger } from '../src/logger.ts';
import { Database } from '../src/sql/Database.ts';
import { migrations, type Migration } from '../src/sql/migrations.ts';
import { RecordingStore } from '../src/sql/RecordingStore.ts';
import { RecordingWriter } from '../src/sql/RecordingWriter.ts';
import { newRecording } from './support/recordings.ts';
import { kindsOfDatabase, type TestDatabases } from './support/testDatabases.ts';

const logger = createLogger({ LOG_LEVEL: 'silent' });
const INSERTER = fileURLToPath(new URL('support/insertRecordings.ts', import.meta.url));
const WAIT = { timeout: 20_000 };

describe.each(kindsOfDatabase)('tables in $kind', ({ start }) => {
  let databases: TestDatabases;
  let url: string;
  const opened: Database[] = [];

  const open = (list: readonly Migration[] = migrations) => {
    const database = new Database({ url, logger, migrations: list });
    opened.push(database);
    return database;
  };
  const versionOf = async (database: Database) =>
    database.run(async (db) =>
      (await db.selectFrom('schema_version').select('version').execute()).map((row) => row.version),
    );
  const addColumn: Migration = async (db) => {
    await sql`alter table recordings add column mood text`.execute(db);
    await sql`update recordings set mood = 'calm'`.execute(db);
  };

  beforeAll(async () => {
    databases = await start();
  });

  afterAll(async () => {
    await databases.stop();
  });

  beforeEach(async () => {
    url = await databases.create();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (database) => database.close()));
  });

  it('keep both parts of a recording that stopped and began again before the first was written', async () => {
    const database = open();
    const log = new RecordingWriter({ database });
    const lost: unknown[] = [];
    log.on('lost', (loss) => lost.push(loss));
    const node = 'node-1';
    log.start(newRecording({ id: 'twice', startedAt: 3000 }));
    log.addRun('twice', { node, first: 1, last: 3, bytes: 3 });
    log.finish('twice', { endedAt: 12_000 });
    log.start(newRecording({ id: 'twice', startedAt: 30_000 }));
    log.addRun('twice', { node, first: 10, last: 12, bytes: 3 });
    await log.flush();
    expect(lost).toEqual([]);
    expect(await new RecordingStore(database).find('twice')).toMatchObject({
      state: 'recording',
      startedAt: 3000,
      runs: [{ first: 1 }, { first: 10 }],
    });
    await log.close();
  });

  it.each(migrations.map((_, index) => index + 1))(
    'of version %i become those of a later one, and keep their rows',
    async (version) => {
      const before = open(migrations.slice(0, version));
      await before.whenOpen();
      const log = new RecordingWriter({ database: before });
      log.start(newRecording({ id: 'kept' }));
      await log.close();
      await before.close();

      const after = open([...migrations, addColumn]);
      await after.whenOpen();
      expect(await versionOf(after)).toEqual([migrations.length + 1]);
      expect(await after.run(async (db) => sql`select id, mood from recordings`.execute(db))).toMatchObject({
        rows: [{ id: 'kept', mood: 'calm' }],
      });
    },
  );

  it('are made once by nodes that start at the same time', async () => {
    const nodes = [open(), open(), open()];
    await Promise.all(nodes.map(async (database) => database.whenOpen()));
    expect(await versionOf(nodes[0]!)).toEqual([migrations.length]);
  });

  it('stay as they were when a migration fails, until one succeeds', async () => {
    let isBroken = true;
    const failing: Migration = async (db) => {
      await addColumn(db);
      if (isBroken) throw new Error('half way');
    };
    const database = open([...migrations, failing]);
    await vi.waitFor(() => expect(database.problem).toBe('half way'), WAIT);
    const other = open();
    await other.whenOpen();
    expect(await versionOf(other)).toEqual([migrations.length]);

    isBroken = false;
    await database.whenOpen();
    expect(await versionOf(database)).toEqual([migrations.length + 1]);
  });

  it('of a later version than the program knows are not touched', async () => {
    const newer = open([...migrations, addColumn]);
    await newer.whenOpen();
    const older = open();
    await vi.waitFor(() => expect(older.problem).toMatch(/it is older/), WAIT);
    await expect(new RecordingStore(older).find('any')).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });
});

describe('a PostgreSQL that goes away', () => {
  let server: OwnPostgres;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(async () => {
    await server.stop();
  });

  it('fails reads as unavailable, keeps what recorders tell, and has it once it is back', async () => {
    const database = new Database({ url: server.url, logger });
    const log = new RecordingWriter({ database });
    const recordings = new RecordingStore(database);
    await database.whenOpen();
    log.start(newRecording({ id: 'before' }));
    await log.flush();

    await server.halt();
    log.start(newRecording({ id: 'during' }));
    for (let last = 1; last <= 50; last += 1) log.addRun('during', { node: 'node-1', first: 1, last, bytes: last });
    await expect(recordings.find('before')).rejects.toMatchObject({ name: 'SqlError', reason: 'UNAVAILABLE' });
    await vi.waitFor(() => expect(database.isUp).toBe(false), WAIT);
    // The recording, and one run that has grown.
    expect(log.waitingCount).toBe(2);

    await server.resume();
    await log.flush();
    expect(await recordings.find('during')).toMatchObject({ runs: [{ last: 50, bytes: 50 }] });
    expect(await recordings.find('before')).not.toBeNull();
    await vi.waitFor(() => expect(database.isUp).toBe(true), WAIT);
    await log.close();
    await database.close();
  });

  it('loses what is told once the memory for it is full, and says of which recording', async () => {
    await server.halt();
    const database = new Database({ url: server.url, logger });
    const log = new RecordingWriter({ database, mostWaiting: 2 });
    const lost: unknown[] = [];
    log.on('lost', (loss) => lost.push(loss));
    for (const id of ['a', 'b', 'c', 'c']) log.start(newRecording({ id }));

    expect(lost).toEqual([{ recordingId: 'c', reason: 'queue' }]);
    expect(log.lostCount).toBe(2);
    await server.resume();
    await log.flush();
    expect((await new RecordingStore(database).list({})).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['a', 'b']),
    );
    await log.close();
    await database.close();
  });
});

describe('a file of SQLite', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-sqlite-'));
    file = join(folder, 'tribune.db');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('has every row that was answered for, after kill -9 of the process that wrote', async () => {
    const child = spawn(process.execPath, [INSERTER, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let answered = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      answered = Number(line);
      if (answered === 20) child.kill('SIGKILL');
    }
    if (child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');

    const database = new Database({ url: file, logger });
    await database.whenOpen();
    const rows = await new RecordingStore(database).list({ limit: 10_000 });
    expect(rows.length).toBeGreaterThanOrEqual(answered);
    await database.close();
  });

  it('that another process has locked stops nothing but its own calls', async () => {
    const database = new Database({ url: file, logger });
    await database.whenOpen();
    const log = new RecordingWriter({ database });
    const other = new DatabaseSync(file);
    other.exec('begin immediate');
    log.start(newRecording({ id: 'locked' }));
    await vi.waitFor(() => expect(database.problem).toMatch(/locked/), WAIT);
    // The loop has turned all the while, for else this could not have been seen; reads go on too.
    expect(await new RecordingStore(database).find('locked')).toBeNull();

    other.exec('rollback');
    other.close();
    await log.flush();
    expect(await new RecordingStore(database).find('locked')).not.toBeNull();
    await log.close();
    await database.close();
  });

  it('that cannot be opened is opened as soon as it can', async () => {
    const blocker = join(folder, 'not-a-folder');
    await writeFile(blocker, '');
    const database = new Database({ url: join(blocker, 'tribune.db'), logger });
    await vi.waitFor(() => expect(database.problem).toMatch(/not-a-folder/), WAIT);
    await rm(blocker);
    await database.whenOpen();
    expect(await new RecordingStore(database).list({})).toEqual([]);
    await database.close();
  });
});
