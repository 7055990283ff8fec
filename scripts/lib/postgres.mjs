import { spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages } from './apt.mjs';
import { run, which } from './run.mjs';

const POLL_MS = 20;
const STOP_LIMIT_MS = 10_000;
const KEPT_OUTPUT = 2000;
/** Where Debian keeps the programs of each version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';

/**
 * Finds a PostgreSQL on this machine, or installs one. The tests need it; Tribune itself does not.
 *
 * @param {AbortSignal} [signal]
 * @throws when there is none and none can be installed
 */
export async function ensurePostgres(signal) {
  if (await findPostgres()) return;
  await installPackages(['postgresql'], 'PostgreSQL for the tests', signal);
  if (!(await findPostgres())) throw new Error('The tests need PostgreSQL, and it is not where Debian puts it.');
}

/** Folder of initdb and postgres, or undefined. */
async function findPostgres() {
  const versions = await readdir(DEBIAN_FOLDER).catch(() => []);
  const newest = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_FOLDER, version, 'bin'));
  for (const folder of [...newest, ...(process.env.PATH ?? '').split(':')]) {
    if (which('initdb', folder) && which('pg_isready', folder)) return folder;
  }
}

/**
 * Starts a PostgreSQL with an empty database on a socket of its own: no port, no access for other users. It ends with this
 * process, however that dies.
 *
 * @returns {Promise<{ url: string, halt: () => Promise<void>, resume: () => Promise<void>, stop: () => Promise<void> }>}
 *   halt: ends the server and keeps its data, for `resume`; stop: ends it for good
 */
export async function startPostgres() {
  const programs = await findPostgres();
  if (!programs) throw new Error('There is no PostgreSQL on this machine.');
  // /tmp, for the path of the socket has to be short.
  const folder = await mkdtemp('/tmp/tribune-postgres-');
  const data = join(folder, 'data');
  const user = await otherUser();
  if (user) await chown(folder, user.uid, user.gid);
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'tribune', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'], {
    ...user,
    cwd: folder,
  });

  const start = async () => {
    const server = launch(join(programs, 'postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses='], {
      ...user,
      cwd: folder,
    });
    while (!server.ended() && !(await takesConnections(programs, folder))) await sleep(POLL_MS);
    if (server.ended()) throw new Error(`PostgreSQL did not start: ${server.output()}`);
    return server;
  };
  let server = await start();
  return {
    url: `postgres://tribune@localhost/postgres?host=${encodeURIComponent(folder)}`,
    halt: async () => server.stop(),
    resume: async () => {
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function launch(program, programArgs, options) {
  const [command, ...args] = [
    ...(which('setpriv') ? ['setpriv', '--pdeathsig', 'INT'] : []),
    ...[program, ...programArgs],
  ];
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  const exited = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  }).finally(() => {
    ended = true;
  });
  return {
    ended: () => ended,
    output: () => output,
    stop: async () => {
      // SIGINT: without waiting for its clients.
      child.kill('SIGINT');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await exited;
      clearTimeout(limit);
    },
  };
}

/** PostgreSQL refuses to run as root: then another user has to. */
async function otherUser() {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = await run('id', ['-u', name]).catch(() => '');
    if (uid.trim()) return { uid: Number(uid), gid: Number(await run('id', ['-g', name])) };
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody.');
}

/** A socket that is there says little: the server refuses while it starts. */
async function takesConnections(programs, folder) {
  return run(join(programs, 'pg_isready'), ['-q', '-h', folder]).then(
    () => true,
    () => false,
  );
}
