import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from './apt.mjs';
import { root } from './paths.mjs';
import { CommandError, run } from './run.mjs';

/** All of which are there already where the mediasoup-worker was built. */
const PACKAGES = ['gcc', 'libc6-dev', 'libssl-dev'];

/**
 * Compiles tools/bench/floor.c, unless that was done before.
 *
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} path of the program
 * @throws when there is no C compiler or no OpenSSL, and they cannot be installed.
 */
export async function buildFloor(signal) {
  const source = join(root, 'tools', 'bench', 'floor.c');
  const folder = join(root, 'node_modules', '.cache', 'tribune');
  const hash = createHash('sha256').update(`${process.arch}\n`).update(readFileSync(source)).digest('hex').slice(0, 12);
  const program = join(folder, `floor-${hash}`);
  if (existsSync(program)) return program;

  mkdirSync(folder, { recursive: true });
  // Moved into place when it is complete: two may be building.
  const unfinished = `${program}.${process.pid}`;
  const compile = () => run('cc', ['-O2', '-o', unfinished, source, '-lcrypto'], { signal });
  try {
    await compile();
  } catch (error) {
    if (!(error instanceof CommandError) && error.code !== 'ENOENT') throw error;
    await installPackages(PACKAGES, 'Measuring the floor', signal);
    await compile();
  }
  await rename(unfinished, program);
  return program;
}
