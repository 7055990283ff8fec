import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { step } from './progress.mjs';
import { isExecutableFile, run } from './run.mjs';

/**
 * Installs the dependencies of the lockfile, and the Node that Tribune runs on.
 *
 * @param {string} root folder of the checkout
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} path of that Node
 */
export async function ensureDependencies(root, signal) {
  if (!areInstalled(root)) {
    // mediasoup's own install step would download or compile a worker, which is the next part of the set-up.
    const env = { ...withoutOwnNode(root), MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN || 'later' };
    await step('Installing dependencies', () =>
      run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, env, signal }),
    );
    mkdirSync(dirname(stampFile(root)), { recursive: true });
    writeFileSync(stampFile(root), hashOfLockfile(root));
  }
  const node = join(root, 'node_modules', '.bin', 'node');
  if (!isExecutableFile(node)) {
    // It comes from an install script, and npm may be set to ignore those.
    const args = ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'];
    await step('Installing Node 24', () => run('npm', args, { cwd: root, env: withoutOwnNode(root), signal }));
  }
  await run(node, ['--version'], { signal });
  return node;
}

/**
 * Whether node_modules holds what the lockfile says: because this module installed it, or because npm noted that it has
 * installed all of it, which it does when it is done.
 */
export function areInstalled(root) {
  const noted = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(noted)) return false;
  // A lockfile may have entries that nothing needs. npm leaves them out, so comparing alone would install for ever.
  if (existsSync(stampFile(root)) && readFileSync(stampFile(root), 'utf8') === hashOfLockfile(root)) return true;
  const present = lockedPackages(noted);
  return Object.entries(lockedPackages(lockfile(root))).every(([path, entry]) => {
    // What is optional is mostly there for other systems than this one. The folder of a workspace is not installed, its link is.
    if (entry.optional || !/(^|\/)node_modules\//.test(path)) return true;
    const { version, integrity } = present[path] ?? {};
    return path in present && version === entry.version && integrity === entry.integrity;
  });
}

function stampFile(root) {
  return join(root, 'node_modules', '.cache', 'tribune', 'lockfile');
}

function lockfile(root) {
  return join(root, 'package-lock.json');
}

function hashOfLockfile(root) {
  return createHash('sha256')
    .update(readFileSync(lockfile(root)))
    .digest('hex');
}

function lockedPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** The environment without node_modules/.bin on its PATH: npm must not run on the Node that it is about to replace. */
function withoutOwnNode(root) {
  const own = join(root, 'node_modules', '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== own);
  return { ...process.env, PATH: path.join(delimiter) };
}
