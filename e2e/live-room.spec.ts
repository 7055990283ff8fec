import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hear, levelDb, readSpeech, similarity } from './support/ear.ts';
import { Person, SPEECH, SPEECH_2 } from './support/Person.ts';
import { Stand } from './support/Stand.ts';

/** Between the same speech through a codec (0.9 and more) and other speech (0.3 at most). */
const SAME_SPEECH = 0.7;
/** Two voices at once: each covers a part of the other. */
const ONE_OF_TWO = 0.42;
const SILENCE_DB = -60;
const SPEECH_DB = -45;

describe('a live room in three browsers', () => {
  let stand: Stand;
  let ada: Person;
  let ben: Person;
  let cleo: Person;
  let link: string;
  let adasSpeech: Float32Array;
  let bensSpeech: Float32Array;
  beforeAll(async () => {
    stand = await Stand.create();
    [ada, ben, cleo] = await Promise.all([
      Person.create('Ada'),
      Person.create('Ben', { speech: SPEECH_2 }),
      Person.create('Cleo'),
    ]);
    [adasSpeech, bensSpeech] = await Promise.all([readSpeech(SPEECH), readSpeech(SPEECH_2)]);
    link = await ada.host(stand.origin, 'First light');
  });
  afterAll(async () => {
    await Promise.all([ada, ben, cleo].map(async (person) => person?.close()));
    await stand?.close();
  });

  it('listeners wait backstage, are counted, hear nothing, and come in by themselves when the host goes live', async () => {
    await Promise.all([ben.enter(link, 'Wait inside'), cleo.enter(link, 'Wait inside')]);
    await ben.page.getByText('2 people are waiting with you').waitFor();
    expect(levelDb(await hear(ben.page, 1))).toBeLessThan(SILENCE_DB);
    await ada.goLive();
    await ben.tile('Ada').waitFor();
    await cleo.tile('Ada').waitFor();
  });

  it('both listeners hear the speech that the host says, and never were asked for a microphone', async () => {
    await expect.poll(async () => levelDb(await hear(ben.page, 1)), { timeout: 5000 }).toBeGreaterThan(SPEECH_DB);
    await sleep(4500);
    for (const listener of [ben, cleo]) {
      const heard = await hear(listener.page, 4);
      expect(similarity(heard, adasSpeech), `${listener.name} hears Ada`).toBeGreaterThan(SAME_SPEECH);
      expect(similarity(heard, bensSpeech), `${listener.name} hears nobody else`).toBeLessThan(ONE_OF_TWO);
      expect(await listener.microphoneRequests()).toBe(0);
    }
  });

  it('who is speaking shows on the tile', async () => {
    await cleo.page.locator('[data-speaking="true"]').filter({ hasText: 'Ada' }).waitFor();
  });

  it('a raised hand is approved, and the new speaker is heard together with the host', async () => {
    await ben.page.getByRole('button', { name: 'Raise hand' }).click();
    await ada.page.getByRole('button', { name: 'Bring Ben on stage' }).click();
    await ben.turnOnMicrophone();
    expect(await ben.microphoneRequests()).toBeGreaterThan(0);
    await cleo.tile('Ben').waitFor();
    await sleep(6500);
    const heard = await hear(cleo.page, 5);
    expect(similarity(heard, adasSpeech), 'Cleo hears Ada').toBeGreaterThan(ONE_OF_TWO);
    expect(similarity(heard, bensSpeech), 'Cleo hears Ben').toBeGreaterThan(ONE_OF_TWO);
    // No echo: Ben hears the host alone.
    const heardByBen = await hear(ben.page, 5);
    expect(similarity(heardByBen, adasSpeech)).toBeGreaterThan(SAME_SPEECH);
    expect(similarity(heardByBen, bensSpeech)).toBeLessThan(ONE_OF_TWO);
  });

  it('muting silences within 500 ms, and unmuting brings the voice back', async () => {
    await ada.onTile('Ben', 'Mute');
    await ada.page.keyboard.press('m');
    await sleep(500 + 300);
    expect(levelDb(await hear(cleo.page, 0.3)), 'both are muted').toBeLessThan(SILENCE_DB);
    await ada.page.keyboard.press('m');
    await sleep(4500);
    const heard = await hear(cleo.page, 4);
    expect(similarity(heard, adasSpeech)).toBeGreaterThan(SAME_SPEECH);
    expect(similarity(heard, bensSpeech)).toBeLessThan(ONE_OF_TWO);
  });

  it('a reaction flows over the room of the others', async () => {
    await cleo.page.getByRole('button', { name: 'React' }).click();
    await cleo.page
      .getByRole('button', { name: 'Applause' })
      .or(cleo.page.getByRole('menuitem', { name: 'Applause' }))
      .click();
    await ada.page.locator('[data-reaction="clap"]').first().waitFor({ timeout: 3000 });
  });

  it('a speaker moved to the audience is heard no more, and can listen on', async () => {
    await ben.page.keyboard.press('m');
    await ada.onTile('Ben', 'Move to the audience');
    await ben.page.getByRole('button', { name: 'Raise hand' }).waitFor();
    await cleo.tile('Ben').waitFor({ state: 'detached' });
    await sleep(4500);
    expect(similarity(await hear(cleo.page, 4), bensSpeech)).toBeLessThan(ONE_OF_TWO);
    expect(similarity(await hear(ben.page, 4), adasSpeech)).toBeGreaterThan(SAME_SPEECH);
  });

  it('someone removed is told so and hears nothing; they may come back', async () => {
    await moderate('Ben', 'Remove from the room', 'Remove');
    await ben.page.getByRole('heading', { name: /removed/i }).waitFor();
    await ben.page.getByRole('button', { name: 'Come back in' }).click();
    await ben.tile('Ada').waitFor();
  });

  it('someone banned stays out, whatever they try', async () => {
    await moderate('Ben', 'Ban from the room', 'Ban');
    await ben.page.getByRole('heading', { name: /ban/i }).waitFor();
    await ben.page.goto(link);
    await ben.page.getByRole('button', { name: 'Listen' }).click();
    await ben.page.getByRole('heading', { name: /ban/i }).waitFor();
  });

  it('the host ends the room, and everyone is told', async () => {
    await ada.endRoom();
    await cleo.page.getByRole('heading', { name: 'This room has ended' }).waitFor();
  });

  async function moderate(name: string, action: string, confirm: string): Promise<void> {
    await ada.page.getByRole('button', { name: 'People' }).click();
    await ada.page.getByRole('button', { name: `More actions for ${name}` }).click();
    await ada.page.getByRole('menuitem', { name: action }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: confirm }).click();
    await ada.page.keyboard.press('Escape');
  }
});
