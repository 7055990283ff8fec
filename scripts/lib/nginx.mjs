import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPackages } from './apt.mjs';
import { run, which } from './run.mjs';

const PACKAGE = 'nginx-light';
const POLL_MS = 20;
const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 3000;

/**
 * Finds an nginx on this machine, or installs one. The tests and the bench need it; Tribune itself does not.
 *
 * @param {AbortSignal} [signal]
 * @throws when there is none and none can be installed
 */
export async function ensureNginx(signal) {
  if (findNginx()) return;
  await installPackages([PACKAGE], 'nginx for the tests', signal);
}

function findNginx() {
  return which('nginx') ?? which('nginx', '/usr/sbin');
}

/**
 * Starts an nginx with a folder of its own, in the foreground. It ends with this process, however that dies.
 *
 * @param {string} http what stands in the block `http`
 * @param {number} port on which it then answers
 * @returns {Promise<{ workerCpuMs: () => Promise<number>, kill: () => Promise<void>, stop: () => Promise<void> }>}
 *   workerCpuMs: CPU time of its worker so far; kill: ends it at once, with its connections
 */
export async function startNginx(http, port) {
  const nginx = findNginx();
  if (!nginx) throw new Error('There is no nginx on this machine.');
  const folder = await mkdtemp(join(tmpdir(), 'tribune-nginx-'));
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(http, folder));
  const args = ['-p', folder, '-c', file, '-e', join(folder, 'error.log')];
  const discard = () => rm(folder, { recursive: true, force: true });
  try {
    await run(nginx, [...args, '-t']);
  } catch (error) {
    await discard();
    throw error;
  }
  const launched = [...(which('setpriv') ? ['setpriv', '--pdeathsig', 'TERM'] : []), nginx, ...args];
  const child = spawn(launched[0], launched.slice(1), { stdio: 'ignore', detached: true });
  const exited = new Promise((resolve) => child.once('close', resolve));
  const stop = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) {
      // Killed, the master would leave its workers behind.
      process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal);
      const limit = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), STOP_LIMIT_MS);
      await exited;
      clearTimeout(limit);
    }
    await discard();
  };
  const endsAt = performance.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > endsAt) {
      const log = await readFile(join(folder, 'error.log'), 'utf8').catch(() => '');
      await stop('SIGKILL');
      throw new Error(`nginx did not start: ${log}`);
    }
    await sleep(POLL_MS);
  }
  return {
    workerCpuMs: async () => cpuMsOf(await childOf(child.pid)),
    kill: async () => stop('SIGKILL'),
    stop: async () => stop('SIGTERM'),
  };
}

/** Started by root, its worker would be another user, to whom nothing in the folder belongs. */
function configuration(http, folder) {
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
${http.replaceAll('/var/cache/nginx', `${folder}/cache`)}
}
`;
}

async function childOf(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return Number(children.trim().split(' ')[0]);
}

/** In steps of 10 ms. */
async function cpuMsOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
