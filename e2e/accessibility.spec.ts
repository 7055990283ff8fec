import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '@tribune/web/i18n/en.ts';
import { fr } from '@tribune/web/i18n/fr.ts';
import { readAccessibilityTree, tabTo } from './support/accessibilityTree.ts';
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

  // Each language and each theme once: texts do not depend on colours.
  it.each([
    ['en-GB', 'light'],
    ['fr-FR', 'dark'],
  ] as const)('on any page of host and listener, in %s and %s', async (locale, colorScheme) => {
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

/** Each story of a room, with the keyboard alone, and what a screen reader is given on the way. */
describe.each(['en-GB', 'fr-FR'] as const)('by keyboard and by the accessibility tree, in %s', (locale) => {
  const texts = LANGUAGES[locale];
  const { tile, role, room, mic, hand, invite, people, member, confirm, notice, problems, action } = texts;
  let deployment: TestDeployment;
  let host: Person;
  let listener: Person;
  let link: string;
  beforeAll(async () => {
    deployment = await TestDeployment.create();
    const context = { locale, reducedMotion: 'reduce' } as const;
    host = await Person.create('Ada', { context, texts });
    listener = await Person.create('Zoé', { context, texts });
  });
  afterAll(async () => {
    await Promise.all([host?.close(), listener?.close()]);
    await deployment?.close();
  });

  const named = (text: string, values: Record<string, string>) =>
    text.replaceAll(/{{(\w+)}}/g, (_, key: string) => values[key] ?? '');

  async function press(person: Person, name: string | RegExp, key = 'Enter'): Promise<void> {
    await tabTo(person.page.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) }).first());
    await person.page.keyboard.press(key);
  }

  /** In a menu that is open. */
  async function pick(person: Person, name: string): Promise<void> {
    const item = person.page.getByRole('menuitem', { name, exact: true });
    await item.waitFor();
    for (let downs = 0; downs < 20; downs++) {
      if (await item.evaluate((element) => element === document.activeElement)) break;
      await person.page.keyboard.press('ArrowDown');
    }
    await expectTree(person, [`*menuitem "${name}"`]);
    await person.page.keyboard.press('Enter');
  }

  async function type(person: Person, label: string, text: string): Promise<void> {
    await tabTo(person.page.getByLabel(label));
    await person.page.keyboard.press('ControlOrMeta+a');
    await person.page.keyboard.type(text);
  }

  /** Waits for all of them; each is a line of the tree or what one has to match. */
  async function expectTree({ page, name }: Person, lines: readonly (string | RegExp)[]): Promise<void> {
    await expect
      .poll(
        async () => {
          const tree = await readAccessibilityTree(page);
          const isThere = (line: string | RegExp) =>
            tree.some((each) =>
              typeof line === 'string' ? each.replace(/^\*/, '') === line || each === line : line.test(each),
            );
          return lines
            .filter((line) => !isThere(line))
            .map((line) => `${name} is not given ${String(line)} in:\n${tree.join('\n')}`);
        },
        { timeout: 10_000 },
      )
      .toEqual([]);
  }

  async function expectAxe({ page }: Person): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
  }

  const onStage = (name: string, of: string) =>
    new RegExp(`^listitem "${name}, (${room.you}, )?${of}, (${tile.open}|${tile.speaking})"$`);

  it('a room is created', async () => {
    await host.page.goto(deployment.origin);
    await press(host, texts.home.create);
    await expectTree(host, [/^\*dialog/, `textbox "${texts.create.yourName}"`, `textbox "${texts.create.roomTitle}"`]);
    await type(host, texts.create.yourName, 'Ada');
    await type(host, texts.create.roomTitle, 'By hand and ear');
    await press(host, texts.create.submit);
    await expectTree(host, [`*dialog "${mic.checkTitle}"`, `combobox "${mic.device}"`]);
    await expectAxe(host);
    await press(host, mic.publish);
    await expectTree(host, ['heading "By hand and ear"', `button "${mic.mute}"`, onStage('Ada', role.host)]);
    link = host.page.url();
  });

  it('a listener waits, and is told that the room is live', async () => {
    await listener.page.goto(link);
    await type(listener, texts.lobby.yourName, 'Zoé');
    await listener.page.keyboard.press('Enter');
    await expectTree(listener, [`heading "${texts.wait.title}"`, `button "${texts.leave.button}"`]);
    await press(host, texts.backstage.goLive);
    await expectTree(host, [`StaticText "${texts.live.nowStage}"`]);
    await expectTree(listener, [
      `StaticText "${named(texts.live.nowAudience, { name: 'Ada' })}"`,
      `list "${room.stage}"`,
      onStage('Ada', role.host),
      `button "${hand.raise}"`,
    ]);
  });

  it('a hand is raised, which both are told, the host also behind a dialog; and it is lowered', async () => {
    await press(host, people.open);
    await expectTree(host, [`*dialog "${people.title}"`]);
    await press(listener, hand.raise);
    await expectTree(listener, [
      `StaticText "${named(hand.raised, { place: '1' })}"`,
      `button "${hand.lower} ${named(hand.place, { place: '1' })}"`,
    ]);
    await expectTree(host, [`StaticText "${named(hand.newOne, { name: 'Zoé' })}"`]);
    await host.page.keyboard.press('Escape');
    await expectTree(host, [`list "${hand.title}"`, `button "${named(hand.approve, { name: 'Zoé' })}"`]);
    await press(host, named(hand.decline, { name: 'Zoé' }));
    await expectTree(listener, [`StaticText "${named(notice.declined, { name: 'Ada' })}"`, `button "${hand.raise}"`]);
  });

  it('somebody is invited, and speaks', async () => {
    await press(host, people.open);
    await press(host, named(people.inviteOf, { name: 'Zoé' }));
    await host.page.keyboard.press('Escape');
    await expectTree(listener, [`alertdialog "${named(invite.title, { name: 'Ada' })}"`, `*button "${invite.accept}"`]);
    await expectAxe(listener);
    await listener.page.keyboard.press('Enter');
    await expectTree(listener, [`*dialog "${mic.checkTitle}"`]);
    await press(listener, mic.publish);
    await expectTree(listener, [`button "${mic.mute}"`]);
    await expectTree(host, [onStage('Zoé', role.speaker)]);
  });

  it('a speaker is muted, and unmutes', async () => {
    await press(host, new RegExp(`^${tile.menuBefore} Zoé`));
    await expectTree(host, [`menu "${named(tile.menu, { name: 'Zoé' })}"`]);
    await expectAxe(host);
    await pick(host, member.mute);
    await expectTree(listener, [`StaticText "${named(notice.muted, { name: 'Ada' })}"`, `button "${mic.unmute}"`]);
    await expectTree(host, [`listitem "Zoé, ${role.speaker}, ${tile.muted}"`]);
    await press(listener, mic.unmute);
    await expectTree(host, [onStage('Zoé', role.speaker)]);
  });

  it('somebody is removed, is told so, and comes back in', async () => {
    await press(host, new RegExp(`^${tile.menuBefore} Zoé`));
    await pick(host, member.remove);
    await expectTree(host, [
      `alertdialog "${named(confirm.removeTitle, { name: 'Zoé' })}"`,
      `*button "${action.cancel}"`,
    ]);
    await expectAxe(host);
    await press(host, member.remove);
    await expectTree(listener, [`*heading "${problems.removed.title}"`]);
    await expectAxe(listener);
    await press(listener, action.rejoin);
    await expectTree(listener, [`button "${hand.raise}"`]);
  });

  it('a listener leaves, and comes back in', async () => {
    await press(listener, texts.leave.button);
    await expectTree(listener, [`*heading "${problems.left.title}"`, `StaticText "${problems.left.next}"`]);
    await press(listener, action.rejoin);
    await expectTree(listener, [`list "${room.stage}"`]);
  });

  it('the room ends, and both are told', async () => {
    await press(host, room.menu);
    await pick(host, texts.menu.end);
    await expectTree(host, [`alertdialog "${confirm.endTitle}"`, `*button "${action.cancel}"`]);
    await press(host, confirm.end);
    for (const person of [host, listener]) await expectTree(person, [`*heading "${texts.ended.title}"`]);
  });
});
