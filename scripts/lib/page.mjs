import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { step } from './progress.mjs';
import { run } from './run.mjs';

const INPUTS = ['web', join('shared', 'src'), 'package-lock.json'];
const NOT_INPUTS = new Set(['dist', 'node_modules']);

/**
 * Builds the page, unless it was built from the same files before.
 *
 * @param {string} root folder of the checkout
 * @param {string} node to build it with
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} folder of the built page
 */
export async function ensurePage(root, node, signal) {
  const page = join(root, 'web', 'dist');
  // Not in the folder of the page, which is served as it is.
  const stamp = join(root, 'node_modules', '.cache', 'tribune', 'page');
  const hash = hashOf(INPUTS.flatMap((input) => filesOf(join(root, input))));
  if (existsSync(join(page, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return page;

  rmSync(stamp, { force: true });
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  // Whatever environment this was started in: React's other build is a third larger, and slower.
  const env = { ...process.env, NODE_ENV: 'production' };
  await step('Building the page', () =>
    run(node, [vite, 'build', 'web', '--logLevel', 'warn'], { cwd: root, env, signal }),
  );
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  return page;
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !NOT_INPUTS.has(name))
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
