// `npm run bench`: the set-up, and then the measurement. Arguments after `--` go to it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { abortOnSignals, fail } from './lib/main.mjs';
import { root } from './lib/paths.mjs';
import { ensureRedis } from './lib/redis.mjs';
import { setup } from './setup.mjs';

process.exit(await bench(process.argv.slice(2), abortOnSignals()).catch(fail));

/** Measures. @returns the exit code */
async function bench(args, signal) {
  const { node, workerBin } = await setup({ signal });
  // Its own one, whatever REDIS_URL names: a run must not touch anyone's rooms.
  await ensureRedis(signal);
  const child = spawn(node, [join(root, 'bench', 'src', 'index.ts'), ...args], {
    env: { ...process.env, MEDIASOUP_WORKER_BIN: workerBin },
    stdio: 'inherit',
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
