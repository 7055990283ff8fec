import { existsSync, readFileSync } from 'node:fs';
import { installPackages, PackagesMissing } from './apt.mjs';
import { run, which } from './run.mjs';

/** Firefox gathers no candidates on loopback: a network for it is made with `ip`. */
const PACKAGES = ['firefox-esr', 'iproute2'];

/**
 * Finds a Firefox for the end-to-end tests, or installs Debian's. Its tests make a network, which only root may: for others there
 * is nothing to install. Without one its tests are skipped.
 *
 * @param {AbortSignal} [signal]
 * @returns {Promise<string | undefined>} its path
 */
export async function ensureFirefox(signal) {
  const given = process.env.FIREFOX_BIN;
  if (given) {
    if (!existsSync(given)) throw new Error(`FIREFOX_BIN (${given}) does not exist.`);
    return given;
  }
  if (process.getuid?.() !== 0) return undefined;
  const present = await findFirefox();
  if (present && which('ip')) return present;
  try {
    await installPackages(PACKAGES, 'Firefox for the end-to-end tests', signal);
  } catch (error) {
    if (!(error instanceof PackagesMissing)) throw error;
    console.error(
      `${error.message}\nOr set FIREFOX_BIN to the path of a Firefox. Its end-to-end tests are skipped without one.`,
    );
  }
  return findFirefox();
}

async function findFirefox() {
  for (const path of ['firefox-esr', 'firefox'].map((name) => which(name)).filter(Boolean)) {
    // Ubuntu's is a snap, which sees no profile in /tmp.
    if (readFileSync(path, 'latin1').includes('/snap/bin')) continue;
    const version = await run(path, ['--version']).catch(() => '');
    if (/^Mozilla Firefox \d+/m.test(version)) return path;
  }
}
