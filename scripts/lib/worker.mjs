import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { downloadSource, installPackages } from './apt.mjs';
import { root } from './paths.mjs';
import { step } from './progress.mjs';
import { run, which } from './run.mjs';

const NAME = 'mediasoup-worker';
/** Of scripts/worker/test: what every worker that is built has passed. */
export const WORKER_TESTS = ['shim-test', 'batch-test'];
const DOWNLOAD_LIMIT_MS = 30_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** With which the worker ends when it was started by hand. */
const EXIT_NOT_STARTED_BY_MEDIASOUP = 41;

const BUILD_PACKAGES = [
  ...['cmake', 'ninja-build', 'g++', 'pkg-config', 'flatbuffers-compiler'],
  ...['libabsl-dev', 'libflatbuffers-dev', 'libssl-dev', 'libuv1-dev'],
];

/** Where the worker comes from. Stand-ins in tests. */
const sources = { download: downloadPrebuilt, build: buildFromSources };

/**
 * Finds, downloads or builds a mediasoup-worker that runs on this machine, whichever comes first: MEDIASOUP_WORKER_BIN,
 * an earlier build, upstream's binary, a build.
 *
 * @param {object} [options]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string} [options.mediasoup] folder of the npm package
 * @param {AbortSignal} [options.signal]
 * @param {typeof sources} [options.from]
 * @returns {Promise<string>} its path
 */
export async function findWorker({
  env = process.env,
  mediasoup = join(root, 'node_modules', 'mediasoup'),
  signal,
  from = sources,
} = {}) {
  if (env.MEDIASOUP_WORKER_BIN) {
    const fault = whyNotRunning(env.MEDIASOUP_WORKER_BIN);
    if (fault) throw new Error(`MEDIASOUP_WORKER_BIN (${env.MEDIASOUP_WORKER_BIN}) does not run: ${fault}`);
    return env.MEDIASOUP_WORKER_BIN;
  }
  const built = join(cacheFolder(env, mediasoup), NAME);
  if (runs(built)) return built;

  const prebuilt = join(mediasoup, 'worker', 'out', 'Release', NAME);
  if (runs(prebuilt)) return prebuilt;
  await from.download(mediasoup, signal);
  if (runs(prebuilt)) return prebuilt;

  await from.build(mediasoup, built, signal);
  const fault = whyNotRunning(built);
  if (fault) throw new Error(`The mediasoup-worker that was built does not run: ${fault}`);
  return built;
}

/** Whether the system can execute it, with every library that it was linked to. */
function runs(path) {
  return whyNotRunning(path) === undefined;
}

/** What stands in the way of running it, or undefined. */
function whyNotRunning(path) {
  if (!existsSync(path)) return 'no such file';
  const { status, signal, stderr, error } = spawnSync(path, [], { env: {}, encoding: 'utf8', timeout: 10_000 });
  if (status === EXIT_NOT_STARTED_BY_MEDIASOUP) return undefined;
  return error?.message ?? (stderr.trim() || `it ended with ${status ?? signal}`);
}

/** Folder of the build for this recipe, version, architecture and distribution: another one needs another binary. */
function cacheFolder(env, mediasoup) {
  const { version } = JSON.parse(readFileSync(join(mediasoup, 'package.json'), 'utf8'));
  const hash = createHash('sha256').update(`${process.arch}\n${distribution()}\n`);
  for (const file of recipeFiles()) hash.update(readFileSync(file));
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  return join(cache, 'tribune', `${NAME}-${version}-${hash.digest('hex').slice(0, 12)}`);
}

function recipeFiles(folder = join(root, 'scripts', 'worker')) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? recipeFiles(path) : [path];
    });
}

function distribution() {
  try {
    return (
      readFileSync('/etc/os-release', 'utf8')
        .match(/^(ID|VERSION_ID)=.*$/gm)
        ?.join(' ') ?? ''
    );
  } catch {
    return process.platform;
  }
}

/** Asks mediasoup's own installer for upstream's binary. A failure is no fault: there are other ways. */
async function downloadPrebuilt(mediasoup, signal) {
  await step('Downloading mediasoup-worker', async (tell) => {
    // It would go on to compile, with Python and downloads of its own. Without a Python it stops there.
    const env = { ...process.env, PYTHON: 'false', MEDIASOUP_WORKER_BIN: '' };
    const options = { cwd: mediasoup, env, signal, timeoutMs: DOWNLOAD_LIMIT_MS };
    await run(process.execPath, ['npm-scripts.mjs', 'postinstall'], options).catch(() => {
      signal?.throwIfAborted();
      tell('not available');
    });
  });
}

async function buildFromSources(mediasoup, target, signal) {
  if (!which('apt-get')) {
    throw new Error(
      'mediasoup-worker could not be downloaded, and this system has no apt-get to build it with. Set MEDIASOUP_WORKER_BIN to one that runs here.',
    );
  }
  console.log('mediasoup-worker is built from its sources, once. This takes about 3 minutes on 2 cores.');
  await installPackages(BUILD_PACKAGES, 'Building mediasoup-worker', signal);
  const folder = dirname(target);
  const cache = dirname(folder);
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  // Moved into place when it is complete, so that an interrupted build never counts.
  const work = await mkdtemp(`${folder}.build-`);
  try {
    await step('Building mediasoup-worker', async (tell) => {
      tell('libsrtp');
      const libsrtp = await downloadSource('libsrtp2', work, signal);
      const out = join(work, 'out');
      const definitions = [`-DMEDIASOUP=${mediasoup}`, `-DLIBSRTP=${libsrtp}`];
      await run('cmake', ['-G', 'Ninja', '-B', out, ...definitions, join(root, 'scripts', 'worker')], { signal });
      const onLine = (line) => {
        const done = /^\[\d+\/\d+\]/.exec(line);
        if (done) tell(done[0]);
      };
      await run('ninja', ['-C', out, NAME, ...WORKER_TESTS], { signal, onLine });
      await mkdir(folder, { recursive: true });
      for (const test of WORKER_TESTS) {
        // A worker whose encryption is wrong is none. They stay beside the worker for `npm test` to run again.
        await run(join(out, test), [], { signal });
        await rename(join(out, test), join(folder, test));
      }
      await rename(join(out, NAME), target);
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Removes what builds left behind that were killed. A day old, because another build may be running. */
async function removeAbandoned(cache) {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (basename(path).includes('.build-') && Date.now() - (await stat(path)).mtimeMs > DAY_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
