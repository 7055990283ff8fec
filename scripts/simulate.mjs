// `npm run simulate`: the model needs nothing; `--check` runs a server, and so the set-up first. Arguments after `--` go to it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { abortOnSignals, fail } from './lib/main.mjs';
import { root } from './lib/paths.mjs';
import { ensureRedis } from './lib/redis.mjs';
import { setup } from './setup.mjs';

process.exit(await simulate(process.argv.slice(2), abortOnSignals()).catch(fail));

/** Simulates. @returns the exit code */
async function simulate(args, signal) {
  const { node, env } = args.includes('--check') ? await prepareServer(signal) : { node: process.execPath, env: {} };
  const child = spawn(node, [join(root, 'simulate', 'src', 'index.ts'), ...args], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

async function prepareServer(signal) {
  const { node, workerBin } = await setup({ signal });
  await ensureRedis(signal);
  return { node, env: { MEDIASOUP_WORKER_BIN: workerBin } };
}
