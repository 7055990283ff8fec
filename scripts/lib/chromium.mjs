import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, PackagesMissing } from './apt.mjs';
import { root } from './paths.mjs';
import { step } from './progress.mjs';
import { CommandError, run, which } from './run.mjs';

const NAMES = ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser'];
const TESTS = 'Chromium for the end-to-end tests';

/**
 * Finds a Chromium for the end-to-end tests or the load test, or installs one. Without one the other tests can still run,
 * so this only tells what is missing.
 *
 * @param {string} node to run Playwright with
 * @param {AbortSignal} [signal]
 * @param {string} [purpose] what needs it
 * @returns {Promise<string | undefined>} its path
 */
export async function ensureChromium(node, signal, purpose = TESTS) {
  const given = process.env.CHROMIUM_BIN;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM_BIN (${given}) does not exist.`);
    return given;
  }
  const present = await findChromium();
  if (present) return present;
  try {
    if (isUbuntu()) await installPlaywrights(node, signal, purpose);
    else await installPackages(['chromium'], purpose, signal);
  } catch (error) {
    if (!(error instanceof PackagesMissing || error instanceof CommandError)) throw error;
    const consequence = purpose === TESTS ? ' The end-to-end tests fail without one.' : '';
    console.error(`${error.message}\nOr set CHROMIUM_BIN to the path of a Chromium.${consequence}`);
  }
  return findChromium();
}

async function findChromium() {
  const { chromium } = await import('playwright-core');
  const paths = [...NAMES.map((name) => which(name)), chromium.executablePath()];
  for (const path of paths.filter((found) => found && existsSync(found))) {
    // Ubuntu's chromium-browser may be a script that only says where to get it.
    const version = await run(path, ['--version']).catch(() => '');
    if (/\d+\.\d+/.test(version)) return path;
  }
}

/** Ubuntu's package of Chromium is a snap, which sees neither /tmp nor everything in a home folder. */
function isUbuntu() {
  try {
    return /^ID=ubuntu$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

async function installPlaywrights(node, signal, purpose) {
  console.log(`${purpose} is Playwright’s own, and the Debian packages that it needs are installed with root rights.`);
  const cli = join(root, 'node_modules', 'playwright-core', 'cli.js');
  await step('Installing Chromium', () =>
    run(node, [cli, 'install', '--with-deps', 'chromium'], { cwd: root, signal }),
  );
}
