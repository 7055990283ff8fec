import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { step } from './progress.mjs';
import { CommandError, run, which } from './run.mjs';

// Packages that ask questions, or want to restart services, must not stop a set-up that nobody watches. On a machine
// that has just booted another apt often holds the lock for a minute.
const ENVIRONMENT = ['DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_SUSPEND=1'];
const OPTIONS = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=180'];

/** Why packages are missing, and the command that installs them. */
export class PackagesMissing extends Error {
  constructor(packages, purpose, reason) {
    const advice = which('apt-get')
      ? `Run this as root, then try again:\n  apt-get install ${packages.join(' ')}`
      : `Install what this system calls: ${packages.join(', ')}`;
    super(`${purpose} needs Debian packages that are missing, and ${reason}.\n${advice}`);
    this.name = 'PackagesMissing';
  }
}

/**
 * Installs Debian packages that are missing. The only use of root rights, announced before.
 *
 * @param {string[]} packages
 * @param {string} purpose what needs them, such as "Redis"
 * @param {AbortSignal} [signal]
 * @throws {PackagesMissing} when it cannot; says what to run instead.
 */
export async function installPackages(packages, purpose, signal) {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  if (!which('apt-get')) throw new PackagesMissing(missing, purpose, 'this system has no apt-get');
  const asRoot = rootPrefix();
  if (!asRoot)
    throw new PackagesMissing(missing, purpose, 'they take root rights: this user is not root, and there is no sudo');

  console.log(
    `${purpose} needs Debian packages, installed with root rights${asRoot.length ? ' (sudo)' : ''}: ${missing.join(' ')}`,
  );
  const aptGet = (...args) => {
    const [command, ...rest] = [...asRoot, 'env', ...ENVIRONMENT, 'apt-get', ...OPTIONS, ...args];
    return run(command, rest, { signal, stdin: process.stdin.isTTY ? 'inherit' : 'ignore' });
  };
  try {
    await step('Installing Debian packages', async (tell) => {
      try {
        await aptGet('install', ...missing);
      } catch (error) {
        // The lists of what there is may be missing, as in a fresh image, or too old.
        if (!(error instanceof CommandError)) throw error;
        tell('with new lists');
        await aptGet('update');
        await aptGet('install', ...missing);
      }
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new PackagesMissing(missing, purpose, `apt-get could not install them.\n${error.output}\n`);
  }
}

/** How a command is run as root: nothing before it, sudo, or not at all. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (!which('sudo')) return undefined;
  // Without a terminal nobody can type a password.
  return process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
}

async function missingPackages(packages) {
  const status = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages]).catch(
    // It ends with 1 when it does not know one of the packages; without dpkg all are missing.
    (error) => (error instanceof CommandError ? error.output : ''),
  );
  const installed = new Set(
    status
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * Downloads the upstream source of a Debian package, checked by apt's signatures, and unpacks it. Takes no root rights and
 * changes nothing on the system: source packages are seldom configured, so apt gets lists of its own under `folder`.
 *
 * @param {string} name of the source package
 * @param {string} folder empty, for apt's files and the result
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} the unpacked folder
 */
export async function downloadSource(name, folder, signal) {
  const parts = join(folder, 'sources');
  const lists = join(folder, 'lists');
  const unpacked = join(folder, 'unpacked');
  for (const path of [parts, lists, unpacked]) await mkdir(path, { recursive: true });
  for (const file of await configuredSources()) {
    await writeFile(join(parts, basename(file)), asDebSrc(await readFile(file, 'utf8')));
  }
  const options = [
    ['Dir::Etc::SourceList', '/dev/null'],
    ['Dir::Etc::SourceParts', parts],
    ['Dir::State::Lists', lists],
    ['Dir::Cache', join(folder, 'cache')],
    // As root apt downloads as the user _apt, who may not write here.
    ['APT::Sandbox::User', ''],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);

  // Repositories without sources, as vendors' mostly are, make it fail although the ones that count were read.
  const updated = await run('apt-get', [...options, 'update'], { signal }).catch((error) => {
    if (error instanceof CommandError) return error.output;
    throw error;
  });
  try {
    await run('apt-get', [...options, 'source', '--tar-only', name], { cwd: folder, signal });
  } catch (error) {
    if (error instanceof CommandError) error.message += `\nafter "apt-get update":\n${updated}`;
    throw error;
  }
  const archive = (await readdir(folder)).find((file) => /\.orig\.tar\.[a-z0-9]+$/.test(file));
  if (!archive) throw new Error(`The source package ${name} has no upstream archive.`);
  await run('tar', ['-xf', join(folder, archive), '-C', unpacked, '--strip-components=1'], { signal });
  return unpacked;
}

async function configuredSources() {
  const folder = '/etc/apt/sources.list.d';
  const parts = await readdir(folder).catch(() => []);
  const files = parts.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(folder, name));
  const single = '/etc/apt/sources.list';
  const hasSingle = await readFile(single).then(
    () => true,
    () => false,
  );
  return hasSingle ? [single, ...files] : files;
}

/** The same repositories for source packages, in either of apt's formats: `deb …` lines, and `Types: deb` fields. */
export function asDebSrc(sources) {
  return sources
    .replace(/^deb-src\s.*$/gm, '')
    .replace(/^deb(\s)/gm, 'deb-src$1')
    .replace(/^Types:.*$/gim, 'Types: deb-src');
}
