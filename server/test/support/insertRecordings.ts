// Inserts recordings one after the other, and prints how many it has been answered for, until it is killed.
import { createLogger } from '../../src/logger.ts';
import { Database } from '../../src/sql/Database.ts';
import { upsertRecording } from '../../src/sql/recordingWrites.ts';
import { newRecording } from './recordings.ts';

const database = new Database({ url: process.argv[2] ?? '', logger: createLogger({ LOG_LEVEL: 'silent' }) });
await database.whenOpen();
for (let count = 1; ; count += 1) {
  await database.run(async (db) => upsertRecording(db, newRecording({ id: `r-${count}` }), Date.now()));
  process.stdout.write(`${count}\n`);
}
