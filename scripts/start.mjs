// `npm start`: everything that Tribune is, on this machine, until Ctrl-C.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { abortOnSignals, fail } from './lib/main.mjs';
import { ensurePage } from './lib/page.mjs';
import { root } from './lib/paths.mjs';
import { startRedis } from './lib/redis.mjs';
import { setup } from './setup.mjs';

/** Beyond the time that a node gives its people to move: DRAIN_S, 30 unless it says otherwise. */
const STOP_LIMIT_MS = (Number(process.env.DRAIN_S || 30) + 10) * 1000;

/** Under npm one Ctrl-C arrives twice, from the terminal and passed on by npm: one that comes later than this is a second one. */
const SAME_CTRL_C_MS = 1000;

const HELP = `npm start

Sets up what is missing, then runs Tribune at http://localhost:3000 until Ctrl-C. It has no options: what can be set are variables of
the environment, such as PORT=8080. docs/self-hosting.md has all of them.`;

if (process.argv.length > 2) {
  const isHelp = ['--help', '-h'].includes(process.argv[2]);
  console[isHelp ? 'log' : 'error'](HELP);
  process.exit(isHelp ? 0 : 2);
}
process.exit(await start(abortOnSignals()).catch(fail));

/** Runs Tribune until it is told to stop, or a part of it ends by itself. @returns the exit code */
async function start(signal) {
  const { node, workerBin } = await setup({ signal });
  const page = process.env.WEB_DIR || (await ensurePage(root, node, signal));
  const dataDir = resolve(root, process.env.DATA_DIR || 'data');
  const redis = process.env.REDIS_URL
    ? undefined
    : await startRedis({ dir: join(dataDir, 'redis'), persist: true, signal });
  const server = startServer(node, {
    LOG_LEVEL: 'warn',
    ...process.env,
    WEB_DIR: page,
    REDIS_URL: redis?.url ?? process.env.REDIS_URL,
    MEDIASOUP_WORKER_BIN: workerBin,
    DATA_DIR: dataDir,
  });
  void server.ready.then((port) => {
    console.log(`Tribune is live at http://localhost:${port}`);
    // To a test that started this script as it starts a server.
    process.send?.({ type: 'ready', port });
  });

  const cause = await Promise.race([
    aborted(signal).then(() => 'asked'),
    server.exited.then((code) => `The server ended by itself (${code}), so Tribune stopped.`),
    ...(redis ? [redis.exited.then((output) => `Redis ended by itself, so Tribune stopped. ${output}`)] : []),
  ]);
  const code = await server.stop();
  await redis?.stop();
  if (cause === 'asked') return 0;
  console.error(cause);
  return code || 1;
}

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', resolve, { once: true });
  });
}

/**
 * Starts the server in a session of its own, where a Ctrl-C does not reach it: it is told to end, and Redis only after
 * it. The channel to it closes when this process dies, on which it ends as well. Tools and tests have `ServerProcess` for
 * this, which this script cannot import: whatever Node a person has starts it, and that may not run TypeScript.
 */
function startServer(node, env) {
  const child = spawn(node, [join(root, 'server', 'src', 'index.ts')], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ready = new Promise((resolve) => {
    child.on('message', (message) => {
      if (message.type === 'ready') resolve(message.port);
    });
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  /**
   * Ends it, if it has not: people move to other nodes first, unless a second Ctrl-C says that there is no time for it.
   * @returns the code it ended with, or 0 for one that had to be killed
   */
  const stop = async () => {
    child.kill('SIGTERM');
    const since = performance.now();
    process.on('SIGINT', () => performance.now() - since > SAME_CTRL_C_MS && child.kill('SIGINT'));
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    const code = await exited;
    clearTimeout(limit);
    return typeof code === 'number' ? code : 0;
  };
  return { ready, exited, stop };
}
