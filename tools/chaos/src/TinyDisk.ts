import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SIZE = '2m';
const FILLER = 'filler';
/** Large ones until they do not fit, and then small ones. */
const BLOCK_BYTES = [1_048_576, 4096];

const run = promisify(execFile);

/** A small disk in memory, of 2 MB by default, which can be filled to its last byte. */
export class TinyDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws {Error} when this user may not mount one */
  static async create(size = SIZE): Promise<TinyDisk> {
    const path = await mkdtemp(join(tmpdir(), 'tribune-disk-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
    } catch (error) {
      await rm(path, { recursive: true });
      throw error;
    }
    return new TinyDisk(path);
  }

  async fill(): Promise<void> {
    const file = await open(join(this.path, FILLER), 'w');
    try {
      for (const bytes of BLOCK_BYTES) await writeUntilFull(file, Buffer.alloc(bytes));
    } finally {
      await file.close();
    }
  }

  /** After `fill()`. */
  async empty(): Promise<void> {
    await rm(join(this.path, FILLER), { force: true });
  }

  async close(): Promise<void> {
    // A node that has files open there may be on its way out: the mount goes when the last of them is closed.
    await run('umount', ['--lazy', this.path]);
    await rm(this.path, { recursive: true });
  }
}

async function writeUntilFull(file: FileHandle, block: Buffer): Promise<void> {
  try {
    for (;;) await file.write(block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
