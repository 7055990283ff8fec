import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installPackages, PackagesMissing } from './apt.mjs';
import { root } from './paths.mjs';
import { run } from './run.mjs';

const PACKAGE = 'libopus0';

/** Where libopus comes from. Stand-ins in tests. */
const sources = {
  isThere: (node) =>
    run(node, ['--eval', 'require("koffi").load("libopus.so.0")'], { cwd: root }).then(
      () => true,
      () => false,
    ),
  install: (signal) => installPackages([PACKAGE], 'A mixer that takes half of the CPU', signal),
};

/**
 * Installs libopus on Linux where it is missing. Tribune runs without it, so that a failure is said in one line, and it is not tried
 * again until the dependencies are installed anew.
 *
 * @param {string} node path of the Node that Tribune runs on
 * @param {object} [options]
 * @param {AbortSignal} [options.signal]
 * @param {string} [options.stamp] file that says that it could not be had
 * @param {string} [options.platform]
 * @param {(line: string) => void} [options.say]
 * @param {typeof sources} [options.from]
 */
export async function ensureOpus(
  node,
  {
    signal,
    stamp = join(root, 'node_modules', '.cache', 'tribune', `no-${PACKAGE}`),
    platform = process.platform,
    say = console.log,
    from = sources,
  } = {},
) {
  if (platform !== 'linux' || existsSync(stamp) || (await from.isThere(node))) return;
  try {
    await from.install(signal);
  } catch (error) {
    if (!(error instanceof PackagesMissing)) throw error;
    say(
      `There is no libopus here (${PACKAGE} on Debian), so that mixing takes twice the CPU. Tribune runs without it.`,
    );
    await mkdir(dirname(stamp), { recursive: true });
    await writeFile(stamp, '');
  }
}
