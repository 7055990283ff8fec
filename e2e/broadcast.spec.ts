import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Person, SPEECH } from './support/Person.ts';
import { expectHears, jumpsMs, longestGapMs, readSound, readSpeech } from './support/soundProbe.ts';
import { Sounds, withoutPauses } from './support/sounds.ts';
import { TestDeployment } from './support/TestDeployment.ts';

/** 1.5 s is promised, and measured by the load test: here everyone's browser runs on the machine of the server. */
const FIRST_SOUND_MS = 10_000;
const GAP_MS = 200;
/** Less than a syllable is heard twice, or left out. */
const JUMP_MS = 200;
const MOVES_WITHIN_MS = 45_000;
/** Before and after a move. */
const AROUND_S = 3;

describe('a room that is heard over HTTP', () => {
  let deployment: TestDeployment;
  let sounds: Sounds;
  let endless: URL;
  let speech: Float32Array;
  let people: Person[] = [];

  beforeAll(async () => {
    [deployment, sounds] = await Promise.all([TestDeployment.create({ NODE_CAPACITY: '1' }), Sounds.create()]);
    endless = await sounds.write('endless', SPEECH, withoutPauses);
    speech = await readSpeech(endless);
  });
  afterEach(async () => {
    await Promise.all(people.map(async (person) => person.close()));
    people = [];
  });
  afterAll(async () => {
    await deployment?.close();
    await sounds?.close();
  });

  async function meet(...names: string[]): Promise<Person[]> {
    people = await Promise.all(names.map(async (name) => Person.create(name, { speech: endless })));
    return people;
  }

  it('whoever finds no place hears it at once, and moves over without a gap when a place comes', async () => {
    const [ada, ben, cleo] = await meet('Ada', 'Ben', 'Cleo');
    const link = await ada!.host(deployment.origin, 'A full house');
    await ada!.goLive();
    await ben!.enter(link);
    await cleo!.page.addInitScript(measureFirstSound);
    await cleo!.enter(link);
    await expect.poll(async () => cleo!.page.evaluate(() => globalThis.firstSoundMs)).toBeLessThan(FIRST_SOUND_MS);
    await cleo!.tile('Ada').waitFor();
    await expectHears(cleo!.page, speech);
    expect(await note(cleo!)).toMatch(/^[1-3] s behind Every seat is taken.* You are number 1 in the queue\.$/);

    await ben!.close();
    await noteOf(cleo!).waitFor({ state: 'detached', timeout: MOVES_WITHIN_MS });
    await sleep(AROUND_S * 1000);
    const heard = await readSound(cleo!.page, 2 * AROUND_S);
    expect(longestGapMs(heard)).toBeLessThan(GAP_MS);
    const jumps = jumpsMs(heard, speech);
    expect(jumps.length).toBeGreaterThan(10);
    for (const jump of jumps) expect(Math.abs(jump), `of ${jumps.join(', ')} ms`).toBeLessThan(JUMP_MS);
    expect(cleo!.complaints).toEqual([]);
  });

  it('a broadcast gives a place to whoever raises a hand, and no other', async () => {
    const [ada, dora] = await meet('Ada', 'Dora');
    const link = await ada!.host(deployment.origin, 'For very many', 'broadcast');
    await ada!.goLive();
    await dora!.enter(link);
    expect(await note(dora!)).toMatch(/This room is a broadcast/);
    await dora!.button(dora!.texts.reaction.open).click();
    await dora!.button(dora!.texts.reaction.clap).click();
    await ada!.page.locator('[data-testid="reactions"] [data-kind="clap"]').first().waitFor({ state: 'attached' });

    await dora!.button(dora!.texts.hand.raise).click();
    await ada!.bringOnStage('Dora');
    await dora!.turnOnMicrophone();
    await noteOf(dora!).waitFor({ state: 'detached' });
    await ada!.tile('Dora').waitFor();
  });

  it('whoever’s network lets no WebSocket through hears it, and is told so', async () => {
    const [ada, eve] = await meet('Ada', 'Eve');
    const link = await ada!.host(deployment.origin, 'Behind a wall');
    await ada!.goLive();
    await eve!.page.addInitScript(() => {
      globalThis.WebSocket = class extends WebSocket {
        constructor() {
          super('ws://localhost:9');
        }
      };
    });
    await eve!.enter(link);
    // The first to listen begins with little in reserve, and plays a little slower until there is enough.
    await eve!.page.waitForFunction(() => {
      const audio = document.querySelector<HTMLAudioElement>('[data-testid="broadcast-audio"]');
      return (
        audio &&
        audio.buffered.length > 0 &&
        audio.currentTime > audio.buffered.start(0) + 5 &&
        audio.playbackRate === 1
      );
    });
    await expectHears(eve!.page, speech);
    expect(await note(eve!)).toMatch(/Your network holds the direct connection up/);
  });
});

declare global {
  var firstSoundMs: number | undefined;
}

const noteOf = ({ page }: Person) => page.getByTestId('plane-note');
const note = async (person: Person) => noteOf(person).textContent();

/** Runs in the page, before anything of it: from the click on the button to enter to the first sound over HTTP. */
function measureFirstSound(): void {
  let clickedAt = Infinity;
  addEventListener('click', () => (clickedAt = Math.min(clickedAt, performance.now())), { capture: true });
  const look = () => {
    const audio = document.querySelector<HTMLAudioElement>('[data-testid="broadcast-audio"]');
    if (!audio || audio.paused || audio.buffered.length === 0 || audio.currentTime <= audio.buffered.start(0)) return;
    clearInterval(timer);
    globalThis.firstSoundMs = performance.now() - clickedAt;
  };
  const timer = setInterval(look, 20);
}
