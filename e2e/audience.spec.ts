import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSound, longestGapMs, ONE_OF_TWO, readSpeech, similarity } from './support/soundProbe.ts';
import { ringDelays, watch } from './support/speakingProbe.ts';
import { Person, SPEECH, SPEECH_2 } from './support/Person.ts';
import { filtered, inTurns, Sounds, withoutPauses } from './support/sounds.ts';
import { TestDeployment } from './support/TestDeployment.ts';

const LOUD_DB = -60;
/** Half of all rings are lit within that time of the beginning of the speech. */
const RING_MS = 250;
const GAP_MS = 200;

describe.each(['60', '120'])('what the audience hears and sees, in packets of %s ms', (packetMs) => {
  let deployment: TestDeployment;
  let sounds: Sounds;
  let ada: Person;
  let ben: Person;
  let cleo: Person;
  let bensSpeech: Float32Array;

  beforeAll(async () => {
    [deployment, sounds] = await Promise.all([TestDeployment.create({ MIX_PACKET_MS: packetMs }), Sounds.create()]);
  });
  afterAll(async () => {
    await Promise.all([ada, ben, cleo].map(async (person) => person?.close()));
    await deployment?.close();
    await sounds?.close();
  });

  async function meet(adasVoice: URL, bensVoice: URL): Promise<void> {
    await Promise.all([ada, ben, cleo].map(async (person) => person?.close()));
    [ada, ben, cleo] = await Promise.all([
      Person.create('Ada', { speech: adasVoice }),
      Person.create('Ben', { speech: bensVoice }),
      Person.create('Cleo'),
    ]);
    const link = await ada.host(deployment.origin, 'Two voices');
    await ada.goLive();
    await Promise.all([ben.enter(link), cleo.enter(link)]);
  }

  async function bringBenUp(): Promise<void> {
    await ben.button(ben.texts.hand.raise).click();
    await ada.bringOnStage('Ben');
    await ben.turnOnMicrophone();
    await cleo.tile('Ben').waitFor();
  }

  it('two speakers talk over each other: both are heard, and each ring is lit within 250 ms of its voice', async () => {
    // One voice below 900 Hz and one above 2.5 kHz, in different turns, so that each can be told in the mix.
    const low = await sounds.write('low', SPEECH, (samples, hz) =>
      filtered('low', 900)(inTurns(2, 1.5)(samples, hz), hz),
    );
    const high = await sounds.write('high', SPEECH_2, (samples, hz) =>
      filtered('high', 2500)(inTurns(1.5, 1.3)(samples, hz), hz),
    );
    await meet(low, high);
    await bringBenUp();
    await sleep(3000);
    const observations = await watch(cleo.page, 25_000);

    const both = observations.filter(
      ({ speaking }) => speaking.length === 2 || speaking.join().match(/Ada[^]*Ben|Ben[^]*Ada/),
    );
    expect(both.length, 'observations at which both rings are lit').toBeGreaterThan(50);
    expect(both.filter(({ lowDb, highDb }) => lowDb > LOUD_DB && highDb > LOUD_DB).length).toBeGreaterThan(25);
    for (const [name, band] of [
      ['Ada', 'lowDb'],
      ['Ben', 'highDb'],
    ] as const) {
      const delays = ringDelays(observations, band, name, LOUD_DB).sort((a, b) => a - b);
      expect(delays.length, `beginnings of ${name}'s voice`).toBeGreaterThan(3);
      const median = delays[Math.floor(delays.length / 2)]!;
      expect(Math.abs(median), `${name}'s ring, of ${delays.map(Math.round).join(', ')} ms`).toBeLessThan(RING_MS);
    }
  });

  it('coming on stage and leaving it, one hears on without a gap, and never oneself', async () => {
    const endless = await sounds.write('endless', SPEECH, withoutPauses);
    await meet(endless, SPEECH_2);
    bensSpeech = await readSpeech(SPEECH_2);
    await sleep(3000);
    const before = longestGapMs(await readSound(ben.page, 2));
    expect(before, 'the speech itself').toBeLessThan(GAP_MS);

    await bringBenUp();
    await sleep(5000);
    const up = await readSound(ben.page, 9);
    expect(longestGapMs(up), 'on the way up').toBeLessThan(GAP_MS);
    expect(similarity(await readSound(ben.page, 4), bensSpeech)).toBeLessThan(ONE_OF_TWO);

    await ada.onTile('Ben', 'demote');
    await ben.button(ben.texts.hand.raise).waitFor();
    await sleep(3000);
    expect(longestGapMs(await readSound(ben.page, 5)), 'on the way down').toBeLessThan(GAP_MS);
    expect(similarity(await readSound(ben.page, 3), bensSpeech)).toBeLessThan(ONE_OF_TWO);
  });
});
