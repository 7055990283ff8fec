import { AxeBuilder } from '@axe-core/playwright';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectVisible } from './support/expectVisible.ts';
import { Person, SPEECH, SPEECH_2 } from './support/Person.ts';
import { attachSoundProbe, expectHears, ONE_OF_TWO, readSound, readSpeech, similarity } from './support/soundProbe.ts';
import { TestDeployment } from './support/TestDeployment.ts';

/** Two seconds until it is ready, and a page to load. */
const SHOWN_WITHIN_MS = 3500;
/** Long enough to be told from other speech, wherever the replay begins. */
const SPOKEN_MS = 8000;

describe('a recorded room and its replay', () => {
  let deployment: TestDeployment;
  let ada: Person;
  let ben: Person;
  let cleo: Person;
  let link: string;
  let adasSpeech: Float32Array;
  let bensSpeech: Float32Array;
  beforeAll(async () => {
    deployment = await TestDeployment.create();
    [ada, ben, cleo] = await Promise.all([
      Person.create('Ada'),
      Person.create('Ben', { speech: SPEECH_2 }),
      Person.create('Cleo'),
    ]);
    [adasSpeech, bensSpeech] = await Promise.all([readSpeech(SPEECH), readSpeech(SPEECH_2)]);
    link = await ada.host(deployment.origin, 'To be heard again');
  });
  afterAll(async () => {
    await Promise.all([ada, ben, cleo].map(async (person) => person?.close()));
    await deployment?.close();
  });

  const position = async () => cleo.page.evaluate(() => document.querySelector('audio')?.currentTime ?? 0);

  it('the host turns recording on before the doors open, and everyone sees REC from the start', async () => {
    await ada.record();
    await ada.goLive();
    await expectVisible(ada.page.getByTitle(ada.texts.recording.on));
    await ben.enter(link);
    await expectVisible(ben.page.getByTitle(ben.texts.recording.on));
  });

  it('whoever raises a hand reads that they are recorded on stage, before they do', async () => {
    await expectVisible(ben.page.getByText(ben.texts.recording.handNote));
    await sleep(SPOKEN_MS);
    await ben.page.getByRole('button', { name: ben.texts.hand.raise }).click();
    await ada.bringOnStage('Ben');
    await ada.page.keyboard.press('m');
    await ben.turnOnMicrophone();
    await sleep(SPOKEN_MS);
  });

  it('whoever comes late hears it from the start, faster, and is in the room once they have caught up', async () => {
    await cleo.page.goto(link);
    await cleo.page.getByLabel(cleo.texts.lobby.yourName).fill('Cleo');
    await cleo.button(cleo.texts.fromStart.open).click();
    await cleo.page.getByRole('radio', { name: '2×', exact: true }).click();
    await attachSoundProbe(cleo.page);
    await expect.poll(position, { timeout: 10_000 }).toBeGreaterThan(1);
    await cleo.page.waitForURL(link, { timeout: 60_000 });
    await cleo.button(cleo.texts.leave.button).first().waitFor();
  });

  it('the link of the room shows the replay within two seconds of its end, and the time to load a page', async () => {
    await ada.endRoom();
    await expectVisible(ben.button(ben.texts.recording.listenAgain));
    await cleo.page.goto(link);
    await cleo.button(cleo.texts.replay.play).waitFor({ timeout: SHOWN_WITHIN_MS });
  });

  it('so it does for whoever was inside and opens the link again', async () => {
    await ben.page.goto(link);
    await expectVisible(ben.button(ben.texts.replay.play));
  });

  it('its host leaves the beginning out, names a chapter, and hears all of it while editing', async () => {
    await ada.page.goto(link);
    await ada.button(ada.texts.edit.open).click();
    const slider = ada.page.getByRole('slider', { name: ada.texts.replay.position });
    await slider.focus();
    await ada.page.keyboard.press('ArrowRight');
    await ada.button(ada.texts.edit.startHere).click();
    await expectVisible(ada.page.getByRole('button', { name: '0:00 to 0:01' }).first());
    await ada.page.getByLabel('Chapter at 0:01').fill('Owls');
    await ada.button(ada.texts.edit.addChapter).click();
    await expectVisible(ada.page.getByRole('button', { name: /Owls$/ }).first());
    const { violations } = await new AxeBuilder({ page: ada.page }).include('main').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
    await ada.button(ada.texts.edit.done).click();
  });

  it('whoever hears it makes a clip, which plays under a link of its own', async () => {
    await cleo.page.goto(link);
    await expectVisible(cleo.page.getByRole('button', { name: /Owls$/ }));
    await cleo.button(cleo.texts.clip.title).click();
    await cleo.page.getByLabel(cleo.texts.clip.name).fill('The best of it');
    await cleo.button(cleo.texts.clip.make).click();
    await cleo.page.getByRole('link', { name: /The best of it/ }).click();
    await expectVisible(cleo.page.getByRole('heading', { name: 'The best of it' }));
    await cleo.button(cleo.texts.replay.play).click();
    await expect.poll(position, { timeout: 5000 }).toBeGreaterThan(0.5);
    const { violations } = await new AxeBuilder({ page: cleo.page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
    await cleo.page.goto(link);
    await cleo.button(cleo.texts.replay.play).waitFor();
  });

  it('the replay names who spoke, and axe finds nothing to say', async () => {
    const speakers = cleo.page.getByRole('region', { name: cleo.texts.replay.speakers });
    await expectVisible(speakers.getByRole('button', { name: /^Ada/ }));
    await expectVisible(speakers.getByRole('button', { name: /^Ben/ }));
    for (const width of [390, 1280]) {
      await cleo.page.setViewportSize({ width, height: 844 });
      const { violations } = await new AxeBuilder({ page: cleo.page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
    }
  });

  it('what it plays is what was said', async () => {
    await attachSoundProbe(cleo.page);
    await cleo.button(cleo.texts.replay.play).click();
    await expectHears(cleo.page, adasSpeech);
    await sleep(4000);
    expect(similarity(await readSound(cleo.page, 4), bensSpeech)).toBeLessThan(ONE_OF_TWO);
  });

  it('a key skips to the next speaker, who is heard then', async () => {
    const before = await position();
    await cleo.page.keyboard.press('n');
    await expect.poll(position, { timeout: 5000 }).toBeGreaterThan(before + 2);
    await expectHears(cleo.page, bensSpeech);
  });

  it('the slider says where one is and who speaks, and Home leads to the beginning', async () => {
    const slider = cleo.page.getByRole('slider', { name: cleo.texts.replay.position });
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/Ben/);
    await slider.focus();
    await cleo.page.keyboard.press('Home');
    await expect.poll(position, { timeout: 5000 }).toBeLessThan(3);
  });

  it('a link to a moment leads there, and whoever comes back is where they were', async () => {
    await cleo.page.goto(`${link}/replay#t=12`);
    await cleo.button(cleo.texts.replay.play).waitFor();
    await expect.poll(position, { timeout: 5000 }).toBeGreaterThan(11.9);
    await cleo.button(cleo.texts.replay.play).click();
    await expect.poll(position, { timeout: 5000 }).toBeGreaterThan(12.5);
    await cleo.button(cleo.texts.replay.pause).click();
    await cleo.page.goto(link);
    await cleo.button(cleo.texts.replay.play).waitFor();
    await expect.poll(position, { timeout: 5000 }).toBeGreaterThan(12.4);
  });

  it('its host renames it, and deletes it for everyone', async () => {
    await ada.page.goto(link);
    await ada.page.getByLabel(ada.texts.replay.rename).fill('Heard again');
    await ada.button(ada.texts.replay.save).click();
    await expectVisible(ada.page.getByRole('heading', { name: 'Heard again' }));
    await ada.button(ada.texts.replay.delete).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: ada.texts.replay.delete }).click();
    await ada.page.waitForURL(`${deployment.origin}/`);
    await cleo.page.goto(link);
    await expectVisible(cleo.page.getByRole('heading', { name: cleo.texts.ended.title }));
  });

  it('no browser had anything to complain about', () => {
    expect([ada, ben].flatMap(({ complaints }) => complaints)).toEqual([]);
    // What is deleted is not found, and Cleo asked for it.
    expect(cleo.complaints.filter((text) => !text.includes('404'))).toEqual([]);
  });
});
