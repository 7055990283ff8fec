import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectHears, readSound, levelDb, ONE_OF_TWO, readSpeech, similarity } from './support/soundProbe.ts';
import { Person, SPEECH, SPEECH_2 } from './support/Person.ts';
import { expectVisible } from './support/expectVisible.ts';
import { TestDeployment } from './support/TestDeployment.ts';

const SILENCE_DB = -60;
const FIRST_AUDIO = 'tribune_time_to_first_audio_seconds';

async function readMetric(origin: string, name: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
}

describe('a live room in three browsers', () => {
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
    link = await ada.host(deployment.origin, 'First light');
  });
  afterAll(async () => {
    await Promise.all([ada, ben, cleo].map(async (person) => person?.close()));
    await deployment?.close();
  });

  it('listeners wait backstage, are counted, hear nothing, and come in by themselves when the host goes live', async () => {
    await Promise.all([ben.enter(link, ben.texts.lobby.waitInside), cleo.enter(link, ben.texts.lobby.waitInside)]);
    await ben.page.getByText('2 people are waiting, including you').waitFor();
    expect(levelDb(await readSound(ben.page, 1))).toBeLessThan(SILENCE_DB);
    await ada.goLive();
    await ben.tile('Ada').waitFor();
    await cleo.tile('Ada').waitFor();
  });

  it('both listeners hear the speech that the host says, and never were asked for a microphone', async () => {
    for (const listener of [ben, cleo]) {
      await expectHears(listener.page, adasSpeech);
      expect(similarity(await readSound(listener.page, 4), bensSpeech), 'nobody else').toBeLessThan(ONE_OF_TWO);
      expect(await listener.microphoneRequests()).toBe(0);
    }
  });

  it('a listener has loaded less than 200 kB of JavaScript by then', () => {
    expect(cleo.scriptBytes).toBeGreaterThan(50_000);
    expect(cleo.scriptBytes).toBeLessThan(200_000);
  });

  it('the lock screen shows title and host', async () => {
    const shown = await cleo.page.evaluate(() => {
      const { title, artist } = navigator.mediaSession.metadata ?? {};
      return { title, artist };
    });
    expect(shown).toEqual({ title: 'First light', artist: 'Ada' });
  });

  it('who is speaking shows on the tile', async () => {
    await expectVisible(cleo.page.locator('[data-speaking="true"]').filter({ hasText: 'Ada' }));
  });

  it('a raised hand is approved, and the new speaker is heard together with the host', async () => {
    await ben.button(ben.texts.hand.raise).click();
    await ada.bringOnStage('Ben');
    await ben.turnOnMicrophone();
    expect(await ben.microphoneRequests()).toBeGreaterThan(0);
    await cleo.tile('Ben').waitFor();
    await expectHears(cleo.page, bensSpeech, ONE_OF_TWO);
    await expectHears(cleo.page, adasSpeech, ONE_OF_TWO);
    // No echo: Ben hears the host alone.
    await expectHears(ben.page, adasSpeech);
    expect(similarity(await readSound(ben.page, 4), bensSpeech)).toBeLessThan(ONE_OF_TWO);
  });

  it('muting silences within 500 ms, and unmuting brings the voice back', async () => {
    await ada.onTile('Ben', 'mute');
    await ada.page.keyboard.press('m');
    await sleep(500 + 300);
    expect(levelDb(await readSound(cleo.page, 0.3)), 'both are muted').toBeLessThan(SILENCE_DB);
    await ada.page.keyboard.press('m');
    await expectHears(cleo.page, adasSpeech);
    expect(similarity(await readSound(cleo.page, 4), bensSpeech), 'Ben is still muted').toBeLessThan(ONE_OF_TWO);
  });

  it('a reaction flows over the room of the others', async () => {
    await cleo.button(cleo.texts.reaction.open).click();
    await cleo.button(cleo.texts.reaction.clap).click();
    await expect.poll(async () => ada.page.locator('[data-kind="clap"]').count(), { timeout: 3000 }).toBeGreaterThan(0);
  });

  it('a speaker moved to the audience is heard no more, and can listen on', async () => {
    await ben.page.keyboard.press('m');
    await ada.onTile('Ben', 'demote');
    await ben.button(ben.texts.hand.raise).waitFor();
    await cleo.tile('Ben').waitFor({ state: 'detached' });
    await expectHears(ben.page, adasSpeech);
    await expectHears(cleo.page, adasSpeech);
    expect(similarity(await readSound(cleo.page, 4), bensSpeech)).toBeLessThan(ONE_OF_TWO);
  });

  it('someone removed is told so and hears nothing; they may come back', async () => {
    await ada.onListener('Ben', 'remove');
    await expectVisible(ben.page.getByRole('heading', { name: ben.texts.problems.removed.title }));
    await ben.button(ben.texts.action.rejoin).click();
    await ben.tile('Ada').waitFor();
  });

  it('someone banned stays out, whatever they try', async () => {
    await ada.onListener('Ben', 'ban');
    await expectVisible(ben.page.getByRole('heading', { name: ben.texts.problems.banned.title }));
    await ben.page.goto(link);
    await ben.button(ben.texts.lobby.listen).click();
    await expectVisible(ben.page.getByRole('heading', { name: ben.texts.problems.BANNED.title }));
  });

  it('what listeners heard, and after how long, has reached the metrics', async () => {
    // A report waits for its turn: up to 20 s for the first, and as long again for a sound that came after it.
    await expect
      .poll(async () => readMetric(deployment.origin, `${FIRST_AUDIO}_count`), { timeout: 45_000 })
      .toBeGreaterThan(0);
    const count = await readMetric(deployment.origin, `${FIRST_AUDIO}_count`);
    const sum = await readMetric(deployment.origin, `${FIRST_AUDIO}_sum`);
    expect(sum / count).toBeGreaterThan(0.02);
    expect(sum / count).toBeLessThan(5);
    expect(await readMetric(deployment.origin, 'tribune_client_round_trip_seconds_count')).toBeGreaterThan(0);
    expect(await readMetric(deployment.origin, 'tribune_speaker_packets_total')).toBeGreaterThan(100);
  });

  it('the host ends the room, and everyone is told', async () => {
    await ada.endRoom();
    await expectVisible(cleo.page.getByRole('heading', { name: cleo.texts.ended.title }));
  });

  it('no browser had anything to complain about', () => {
    // A refusal of the ban is what the ban is for.
    const complaints = [ada, ben, cleo].flatMap((person) => person.complaints);
    expect(complaints.filter((text) => !text.includes('403'))).toEqual([]);
  });
});
