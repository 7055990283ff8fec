import { existsSync } from 'node:fs';
import { installPackages, PackagesMissing } from './apt.mjs';
import { which } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/**
 * Finds a Chromium for the end-to-end tests, or installs one. Without one the other tests can still run, so this only
 * tells what is missing.
 *
 * @param {AbortSignal} [signal]
 * @returns {Promise<string | undefined>} its path
 */
export async function ensureChromium(signal) {
  const given = process.env.CHROMIUM_BIN;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM_BIN (${given}) does not exist.`);
    return given;
  }
  if (!findChromium()) {
    await installPackages(['chromium'], 'Chromium for the end-to-end tests', signal).catch((error) => {
      if (!(error instanceof PackagesMissing)) throw error;
      console.error(
        `${error.message}\nOr set CHROMIUM_BIN to the path of a Chromium. The end-to-end tests fail without one.`,
      );
    });
  }
  return findChromium();
}

function findChromium() {
  return NAMES.map((name) => which(name)).find(Boolean);
}
