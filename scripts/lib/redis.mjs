import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages, PackagesMissing } from './apt.mjs';
import { run, which } from './run.mjs';

const OLDEST_MAJOR = 7;
const POLL_MS = 20;
const STOP_LIMIT_MS = 10_000;
const KEPT_OUTPUT = 2000;
/** With which flock ends when another process holds the lock. */
const EXIT_LOCKED = 75;
/** Of a temporary folder: Linux takes 107 bytes for the path of a socket. */
const LONGEST_TMPDIR = 107 - '/tribune-redis-XXXXXX/redis.sock'.length;

/**
 * Finds a Redis server on this machine, or installs one.
 *
 * @param {AbortSignal} [signal]
 * @throws when there is none of version 7 or newer, and none can be installed.
 */
export async function ensureRedis(signal) {
  if (await findRedis()) return;
  // Not redis-server: that one would start a service of the system's, on port 6379. The program is in redis-tools.
  await installPackages(['redis-tools'], 'Tribune', signal).catch((error) => {
    if (!(error instanceof PackagesMissing)) throw error;
    throw new Error(`${error.message}\nOr set REDIS_URL to a Redis 7 that is running.`);
  });
  if (await findRedis()) return;
  throw new Error(
    'Tribune needs Redis 7 or newer, and this system has an older one. Install a newer redis-server, or set REDIS_URL to one that is running.',
  );
}

/** Path of a program that is a Redis server when it is called redis-server, or undefined. */
export async function findRedis() {
  // Debian's redis-tools has the server under the name of one of its tools: the package redis-server only adds a link.
  for (const name of ['redis-server', 'valkey-server', 'redis-check-rdb']) {
    const path = which(name, `${process.env.PATH}:/usr/local/bin:/usr/bin`);
    if (path && (await majorVersion(path)) >= OLDEST_MAJOR) return path;
  }
}

async function majorVersion(path) {
  const output = await run(path, ['--version'], { argv0: 'redis-server' }).catch(() => '');
  return Number(/server v=(\d+)/.exec(output)?.[1] ?? 0);
}

/**
 * Starts a Redis server on a socket of its own: no port, no access for other users. It ends with this process, however
 * that dies; a Ctrl-C in the terminal does not reach it.
 *
 * @param {object} [options]
 * @param {string} [options.dir] folder of its data, with `persist`
 * @param {boolean} [options.persist] whether what it holds survives a restart
 * @param {AbortSignal} [options.signal] gives up the start
 * @returns {Promise<{ url: string, exited: Promise<string>, stop: () => Promise<void> }>} url: path of the socket;
 *   exited: resolves when the server has ended, with the end of what it printed
 */
export async function startRedis({ dir, persist = false, signal } = {}) {
  const program = await findRedis();
  if (!program) throw new Error('There is no Redis 7 or newer on this machine.');
  const temporary = await mkdtemp(join(tmpdir().length > LONGEST_TMPDIR ? '/tmp' : tmpdir(), 'tribune-redis-'));
  const socket = join(temporary, 'redis.sock');
  const server = join(temporary, 'redis-server');
  await symlink(program, server);
  const data = persist ? dir : temporary;
  await mkdir(data, { recursive: true });

  const [command, ...args] = [
    ...(which('setpriv') ? ['setpriv', '--pdeathsig', 'TERM'] : []),
    ...(which('flock') ? ['flock', '--no-fork', '--nonblock', '-E', `${EXIT_LOCKED}`, join(data, 'lock')] : []),
    ...[
      server,
      '--port',
      '0',
      '--unixsocket',
      socket,
      '--unixsocketperm',
      '700',
      '--dir',
      data,
      '--loglevel',
      'warning',
    ],
    ...['--save', '', '--appendonly', persist ? 'yes' : 'no', '--appendfsync', 'everysec'],
  ];
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  let ended = false;
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(output.trim()));
  }).finally(async () => {
    await rm(temporary, { recursive: true, force: true });
    ended = true;
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(limit);
  };

  // As long as it takes: it answers only when it has read all of its data.
  while (!ended && !signal?.aborted && !(await answers(socket))) await sleep(POLL_MS);
  if (signal?.aborted) {
    await stop();
    throw signal.reason;
  }
  if (child.exitCode === EXIT_LOCKED) throw new Error(`${dir} is in use by another Tribune on this machine.`);
  if (ended) throw new Error(`Redis ended with ${child.exitCode ?? child.signalCode}: ${await exited}`);
  return { url: socket, exited, stop };
}

/** Whether the server behind a socket answers a ping. */
function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
