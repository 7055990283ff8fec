import type { Locator, Page } from 'playwright-core';

/** More than any page has to press through. */
const MAX_TABS = 60;

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[];
}

/** What Chromium hands to a screen reader, in the order of the page: `button "Leave"`, with `*` for what has the focus. */
export async function readAccessibilityTree(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  try {
    const { nodes } = (await session.send('Accessibility.getFullAXTree')) as unknown as { nodes: readonly AxNode[] };
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, properties = [] }) => {
        const focused = properties.some((property) => property.name === 'focused' && property.value.value === true);
        return `${focused ? '*' : ''}${role?.value} ${JSON.stringify(name?.value ?? '')}`;
      });
  } finally {
    await session.detach();
  }
}

/** Presses Tab until the focus is there. @throws when the keyboard cannot get there */
export async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  for (let tabs = 0; tabs < MAX_TABS; tabs++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await target.page().keyboard.press('Tab');
  }
  throw new Error(`The keyboard cannot reach ${String(target)}`);
}
