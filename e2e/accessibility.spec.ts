import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '@tribune/web/i18n/en.ts';
import { fr } from '@tribune/web/i18n/fr.ts';
import { Person } from './support/Person.ts';
import { TestDeployment } from './support/TestDeployment.ts';

const LANGUAGES = { 'en-GB': en, 'fr-FR': fr } as const;
const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
] as const;

describe('axe finds nothing to say', () => {
  let deployment: TestDeployment;
  beforeAll(async () => {
    deployment = await TestDeployment.create();
  });
  afterAll(async () => deployment?.close());

  async function expectNoViolations(page: Page, what: string): Promise<void> {
    for (const viewport of SIZES) {
      await page.setViewportSize(viewport);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
      expect(found, `${what}, ${viewport.width} px wide`).toEqual([]);
    }
  }

  for (const locale of ['en-GB', 'fr-FR'] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`on any page of host and listener, in ${locale} and ${colorScheme}`, async () => {
        const context = { locale, colorScheme, reducedMotion: 'reduce' } as const;
        const [host, listener] = await Promise.all([
          Person.create('Ada', { context, texts: LANGUAGES[locale] }),
          Person.create('Zoé', { context, texts: LANGUAGES[locale] }),
        ]);
        try {
          await expectEveryPageAccessible(host, listener);
        } finally {
          await Promise.all([host.close(), listener.close()]);
        }
      });
    }
  }

  async function expectEveryPageAccessible(host: Person, listener: Person): Promise<void> {
    await listener.page.goto(deployment.origin);
    await listener.button(listener.texts.home.create).first().waitFor();
    await expectNoViolations(listener.page, 'home without rooms');
    await listener.button(listener.texts.home.create).first().click();
    await listener.page.getByLabel(listener.texts.create.roomTitle).waitFor();
    await expectNoViolations(listener.page, 'creating a room');

    const link = await host.host(deployment.origin, 'Open to everyone');
    await expectNoViolations(host.page, 'backstage');
    await listener.page.goto(deployment.origin);
    await listener.page.getByRole('heading', { name: 'Open to everyone' }).waitFor();
    await expectNoViolations(listener.page, 'home with a room');
    await listener.page.goto(link);
    await listener.page.getByLabel(listener.texts.lobby.yourName).waitFor();
    await expectNoViolations(listener.page, 'lobby');
    await listener.enter(link, listener.texts.lobby.waitInside);
    await expectNoViolations(listener.page, 'waiting');

    await host.goLive();
    await listener.tile('Ada').waitFor();
    await expectNoViolations(listener.page, 'live, as a listener');
    await listener.button(listener.texts.hand.raise).click();
    await host.page.getByText('Zoé').first().waitFor();
    await expectNoViolations(host.page, 'live, as the host with a raised hand');
    await host.button(host.texts.people.open).click();
    await host.page.getByLabel(host.texts.people.search).waitFor();
    await expectNoViolations(host.page, 'the panel of people');
    await host.page.keyboard.press('Escape');
    await host.button(host.texts.room.menu).click();
    await host.page.getByRole('menuitem', { name: host.texts.health.title }).click();
    await host.page.getByRole('dialog', { name: host.texts.health.title }).waitFor();
    await host.page.getByRole('region', { name: host.texts.health.listeners }).waitFor();
    await expectNoViolations(host.page, 'the health of the room');
    await host.page.keyboard.press('Escape');

    await host.endRoom();
    await listener.page.getByRole('heading', { name: listener.texts.ended.title }).waitFor();
    await expectNoViolations(listener.page, 'ended');
    await listener.page.goto(`${deployment.origin}/r/no-such-room-at-all`);
    await listener.page.getByRole('heading', { level: 1 }).waitFor();
    await expectNoViolations(listener.page, 'no such room');
  }
});
