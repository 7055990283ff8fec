// `npm test`: the set-up, the page, and then every test. Arguments after `--` go to vitest.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { abortOnSignals, fail } from './lib/main.mjs';
import { ensurePage } from './lib/page.mjs';
import { root } from './lib/paths.mjs';
import { setup } from './setup.mjs';

const STOP_LIMIT_MS = 5000;

process.exit(await test(process.argv.slice(2), abortOnSignals()).catch(fail));

/** Runs the tests. @returns the exit code */
async function test(args, signal) {
  const { node, workerBin, chromiumBin, firefoxBin } = await setup({ tests: true, signal });
  await ensurePage(root, node, signal);
  const env = { ...process.env, MEDIASOUP_WORKER_BIN: workerBin };
  if (chromiumBin) env.CHROMIUM_BIN = chromiumBin;
  if (firefoxBin) env.FIREFOX_BIN = firefoxBin;

  // A group of its own, so that all of it can be ended: vitest, its workers, and what the tests have started.
  const vitest = spawn(node, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const killAll = (name) => {
    try {
      process.kill(-vitest.pid, name);
    } catch {
      // Nobody is left in the group.
    }
  };
  signal.addEventListener('abort', () => {
    killAll('SIGTERM');
    setTimeout(killAll, STOP_LIMIT_MS, 'SIGKILL').unref();
  });
  const code = await new Promise((resolve) => vitest.once('exit', (status) => resolve(status)));
  killAll('SIGKILL');
  signal.throwIfAborted();
  return code ?? 1;
}
