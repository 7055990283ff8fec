import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SIZE = '2m';
const BLOCK_BYTES = 4096;

const run = promisify(execFile);

/** A disk of 2 MB in memory, which can be filled to its last byte. */
export class TinyDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws {Error} when this user may not mount one */
  static async create(): Promise<TinyDisk> {
    const path = await mkdtemp(join(tmpdir(), 'tribune-disk-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', path]);
    } catch (error) {
      await rm(path, { recursive: true });
      throw error;
    }
    return new TinyDisk(path);
  }

  async fill(): Promise<void> {
    const file = await open(join(this.path, 'filler'), 'w');
    try {
      for (;;) await file.write(Buffer.alloc(BLOCK_BYTES));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    // A node that has files open there may be on its way out: the mount goes when the last of them is closed.
    await run('umount', ['--lazy', this.path]);
    await rm(this.path, { recursive: true });
  }
}
