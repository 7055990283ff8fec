import { UsageError } from '@tribune/cli';
import type { Browser } from 'playwright-core';
import { ensureChromium } from '@tribune/scripts/chromium.mjs';

/** For any page of Tribune on a machine without a screen. The last one is for servers on this machine. */
export const CHROMIUM_ARGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  '--allow-loopback-in-peer-connection',
];

/** As the browser with a window says it: in a page that is not secure, mediasoup-client has only this to know it by. */
export function userAgentOf(browser: Browser): string {
  const [major] = browser.version().split('.');
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

/**
 * Finds a Chromium as the tests do, or installs one.
 * @returns its path
 * @throws {UsageError} when there is none in the end; says what to run.
 */
export async function findOrInstallChromium(signal?: AbortSignal): Promise<string> {
  const path = await ensureChromium(process.execPath, signal, 'Chromium for --browsers').catch((error: unknown) => {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  });
  if (path) return path;
  throw new UsageError(
    '--browsers needs a Chromium, and there is none. Install one (on Debian as root: apt-get install chromium), or set CHROMIUM_BIN to its path',
  );
}
