import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setup } from '../setup.mjs';
import { abortOnSignals, fail } from './main.mjs';
import { ensurePage } from './page.mjs';
import { root } from './paths.mjs';
import { ensureRedis } from './redis.mjs';

/**
 * Runs a command of the project that starts servers of its own: the set-up first. What stands after `--` goes to it, and this
 * process ends with its exit code.
 *
 * @param {string} entry its file, from the root
 * @param {object} [options]
 * @param {boolean} [options.servesPage] whether people look at what it starts
 */
export async function runTool(entry, { servesPage = false } = {}) {
  process.exit(await run(entry, servesPage, abortOnSignals()).catch(fail));
}

async function run(entry, servesPage, signal) {
  const { node, workerBin } = await setup({ signal });
  // Its own one, whatever REDIS_URL names: a run must not touch anyone's rooms.
  await ensureRedis(signal);
  const page = servesPage ? { WEB_DIR: await ensurePage(root, node, signal) } : {};
  return runProgram(node, entry, { MEDIASOUP_WORKER_BIN: workerBin, ...page }, signal);
}

/** @returns the exit code */
export async function runProgram(node, entry, env, signal) {
  const child = spawn(node, [join(root, entry), ...process.argv.slice(2)], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
