import { SAME_SPEECH } from '@tribune/loadtest/browsers/similarity.ts';
import { en } from '@tribune/web/i18n/en.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Firefox, type FirefoxPerson } from './support/Firefox.ts';
import { NetworkCable } from './support/NetworkCable.ts';
import { Person, SPEECH, SPEECH_2 } from './support/Person.ts';
import { expectHears, levelDb, readSound, readSpeech } from './support/soundProbe.ts';
import { TestDeployment } from './support/TestDeployment.ts';

const SILENCE_DB = -60;

/** Resolves once a page plays that speech, whatever came before. */
async function expectHeard(by: FirefoxPerson, speech: Float32Array): Promise<void> {
  await expect
    .poll(async () => by.similarityOf(speech), { timeout: 20_000, interval: 500 })
    .toBeGreaterThan(SAME_SPEECH);
}

async function expectSilence(page: Person['page']): Promise<void> {
  await expect
    .poll(async () => levelDb(await readSound(page, 1)), { timeout: 10_000, interval: 100 })
    .toBeLessThan(SILENCE_DB);
}

describe('a room that is hosted and listened to in Firefox', () => {
  let cable: NetworkCable | null;
  let deployment: TestDeployment | undefined;
  let firefox: Firefox | undefined;
  let fay: FirefoxPerson;
  let finn: FirefoxPerson;
  let cleo: Person | undefined;
  let faysSpeech: Float32Array;
  let finnsSpeech: Float32Array;
  beforeAll(async () => {
    cable = await NetworkCable.create();
    const path = process.env.FIREFOX_BIN;
    if (!cable || !path) return;
    [faysSpeech, finnsSpeech] = await Promise.all([readSpeech(SPEECH), readSpeech(SPEECH_2)]);
    deployment = await TestDeployment.create({ MEDIA_ANNOUNCED_ADDRESS: cable.serverAddress });
    firefox = await Firefox.launch(path, cable);
    [fay, finn, cleo] = await Promise.all([
      firefox.person('Fay', SPEECH),
      firefox.person('Finn', SPEECH_2),
      Person.create('Cleo', { cable }),
    ]);
    const link = await fay.host(deployment.origin.replace('localhost', cable.serverAddress), 'A room in Firefox');
    await fay.press(en.backstage.goLive);
    await Promise.all([finn.enter(link), cleo.enter(link)]);
  });
  afterAll(async () => {
    await Promise.all([firefox?.close(), cleo?.close()]);
    await deployment?.close();
    await cable?.close();
  });
  beforeEach(({ skip }) => {
    if (!cable) skip('needs root and iproute2, to make a network');
    if (!firefox) skip('needs a Firefox');
  });

  it('the host is heard in Firefox as in Chromium', async () => {
    await expectHeard(finn, faysSpeech);
    await expectHears(cleo!.page, faysSpeech);
  });

  it('a listener who reloads is back in the room without being asked anything, and hears it', async () => {
    await finn.page.reload();
    await finn.findButton(en.hand.raise);
    await expectHeard(finn, faysSpeech);
  });

  it('a raised hand is approved, and the new speaker is heard', async () => {
    await finn.press(en.hand.raise);
    await fay.press(en.hand.approve.replace('{{name}}', finn.name));
    await finn.turnOnMicrophone();
    await fay.press(en.mic.mute);
    await expectHears(cleo!.page, finnsSpeech);
    await expectHeard(fay, finnsSpeech);
  });

  it('muting silences, and unmuting brings the voice back', async () => {
    await finn.press(en.mic.mute);
    await expectSilence(cleo!.page);
    await finn.press(en.mic.unmute);
    await expectHears(cleo!.page, finnsSpeech);
    await finn.press(en.mic.mute);
  });

  it('a host who reloads is still the host, and is heard where no level of the microphone can be measured', async () => {
    await fay.page.evaluateOnNewDocument(() => {
      AudioContext.prototype.createMediaStreamSource = () => {
        throw new DOMException('Connecting AudioNodes of different sample rates', 'NotSupportedError');
      };
    });
    await fay.page.reload();
    await fay.turnOnMicrophone();
    await fay.findButton(en.room.menu);
    await expectHears(cleo!.page, faysSpeech);
  });

  it('no page in Firefox threw anything', () => {
    expect([...fay.complaints, ...finn.complaints]).toEqual([]);
  });
});
