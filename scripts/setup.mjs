import { argv, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureDependencies } from './lib/deps.mjs';
import { ensureFfmpeg } from './lib/ffmpeg.mjs';
import { ensureFirefox } from './lib/firefox.mjs';
import { abortOnSignals, fail } from './lib/main.mjs';
import { ensureOpus } from './lib/opus.mjs';
import { root } from './lib/paths.mjs';
import { ensureNginx } from './lib/nginx.mjs';
import { ensurePostgres } from './lib/postgres.mjs';
import { ensureRedis } from './lib/redis.mjs';
import { findWorker } from './lib/worker.mjs';

const OLDEST_NODE = 20;

/**
 * Installs whatever is missing to run Tribune. Quick and silent when nothing is.
 *
 * @param {object} [options]
 * @param {boolean} [options.tests] also what the tests need
 * @param {AbortSignal} [options.signal] gives up
 * @returns {Promise<{ node: string, workerBin: string, chromiumBin?: string, firefoxBin?: string }>} paths of what it found
 */
export async function setup({ tests = false, signal } = {}) {
  if (Number.parseInt(versions.node) < OLDEST_NODE) {
    throw new Error(`Tribune needs Node ${OLDEST_NODE} or newer to begin with, and this is ${versions.node}.`);
  }
  const node = await ensureDependencies(root, signal);
  if (tests || !process.env.REDIS_URL) await ensureRedis(signal);
  if (tests) await ensurePostgres(signal);
  if (tests) await ensureNginx(signal);
  if (tests) await ensureFfmpeg(signal);
  await ensureOpus(node, { signal });
  const chromiumBin = tests ? await ensureChromium(node, signal) : undefined;
  const firefoxBin = tests ? await ensureFirefox(signal) : undefined;
  const workerBin = await findWorker({ signal });
  return { node, workerBin, chromiumBin, firefoxBin };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { workerBin } = await setup({ tests: argv.includes('--test'), signal: abortOnSignals() }).catch(fail);
  console.log(`Tribune is set up. Its mediasoup-worker: ${workerBin}`);
}
