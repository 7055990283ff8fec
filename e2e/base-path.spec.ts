import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectVisible } from './support/expectVisible.ts';
import { Person, SPEECH } from './support/Person.ts';
import { SiteProxy } from './support/SiteProxy.ts';
import { expectHears, readSpeech } from './support/soundProbe.ts';
import { TestDeployment } from './support/TestDeployment.ts';

const PATH = '/s%C3%A4le/live';

describe('Tribune below a path of a site', () => {
  let site: SiteProxy;
  let deployment: TestDeployment;
  let ada: Person;
  let ben: Person;
  let link: string;
  beforeAll(async () => {
    site = await SiteProxy.create(PATH);
    deployment = await TestDeployment.create({ PUBLIC_URL: `${site.url}/`, TRUST_PROXY: '1' });
    site.passTo(deployment.origin);
    const context = { permissions: ['clipboard-read', 'clipboard-write'] };
    [ada, ben] = await Promise.all([Person.create('Ada', { context }), Person.create('Ben')]);
  });
  afterAll(async () => {
    await Promise.all([ada, ben].map(async (person) => person?.close()));
    site?.close();
    await deployment?.close();
  });

  it.each([
    ['leaves the path', false],
    ['takes the path off', true],
  ])('behind a proxy that %s, a host and a listener have a room, and its replay', async (_name, takesPathOff) => {
    site.takesPathOff = takesPathOff;
    // Without the slash at the end, as people type it.
    link = await ada.host(site.url, 'Below a path');
    expect(link).toMatch(new RegExp(`^${site.url}/r/[\\w-]+$`));
    await ada.record();
    await ada.goLive();
    await ben.page.goto(`${site.url}/`);
    await expectVisible(ben.page.getByRole('link', { name: /Below a path/ }));
    await ben.enter(link);
    await expectHears(ben.page, await readSpeech(SPEECH));
    // By the routes of the page, and by the browser's own way back.
    await ada.button(ada.texts.action.copyLink).first().click();
    expect(await ada.page.evaluate(async () => navigator.clipboard.readText())).toBe(link);
    await ben.page.reload();
    await expectVisible(ben.tile('Ada'));
    await ada.endRoom();
    await ben.button(ben.texts.recording.listenAgain).click();
    await ben.button(ben.texts.replay.play).click();
    await expect
      .poll(async () => ben.page.evaluate(() => document.querySelector('audio')?.currentTime))
      .toBeGreaterThan(0);
    expect(ben.page.url()).toBe(`${link}/replay`);
    await ben.page.getByRole('link', { name: ben.texts.app.home }).click();
    expect(ben.page.url()).toMatch(new RegExp(`^${site.url}/?$`));
    await ben.page.evaluate(() => localStorage.removeItem('tribune.session/s%C3%A4le/live'));
  });

  it('nothing was asked of the other pages, and no browser had anything to complain about', () => {
    expect(site.strays.filter((path) => path !== '/favicon.ico')).toEqual([]);
    expect([ada, ben].flatMap((person) => person.complaints)).toEqual([]);
  });
});
