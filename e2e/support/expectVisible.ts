import type { Locator } from 'playwright-core';

/** Waits until an element can be seen. @throws {Error} when that takes longer than Playwright waits */
export async function expectVisible(locator: Locator): Promise<void> {
  await locator.waitFor();
}
