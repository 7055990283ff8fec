import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '@tribune/chaos/cluster/Cluster.ts';
import type { ClusterProcess } from '@tribune/chaos/cluster/ClusterProcess.ts';
import { attachSoundProbe, expectHears, readSound, longestGapMs, readSpeech } from './support/soundProbe.ts';
import { Person, SPEECH, SPEECH_2 } from './support/Person.ts';
import { Sounds, withoutPauses } from './support/sounds.ts';

const PORT = 3400;
/** What nodes know of each other is up to a second old. */
const ONE_BEAT_MS = 1500;
/** Whoever hears a room over HTTP asks for a place less and less often. */
const MOVES_WITHIN_MS = 90_000;
/** The longest gap of a listener who comes on stage at another node. */
const GAP_MS = 500;
/** The longest gap of a listener whose node is drained, and whose stage goes to another node. */
const DRAIN_GAP_MS = 200;

describe('a room on several nodes', () => {
  let cluster: Cluster;
  let sounds: Sounds;
  let ada: Person;
  /** Listens at the home of the room. */
  let near: Person;
  /** Listens at the other node until they are brought on stage. */
  let far: Person;
  let dora: Person;
  let link: string;

  beforeAll(async () => {
    // One listener on each node, so that the second is not where the first is.
    const env = { WEB_DIR: fileURLToPath(new URL('../web/dist', import.meta.url)), DRAIN_S: '5', NODE_CAPACITY: '1' };
    [cluster, sounds] = await Promise.all([Cluster.create({ nodes: 2, port: PORT, env }), Sounds.create()]);
    const endless = await sounds.write('endless', SPEECH, withoutPauses);
    const [host, ben, cleo] = await Promise.all([
      Person.create('Ada', { speech: endless }),
      Person.create('Ben', { speech: SPEECH_2 }),
      Person.create('Cleo', { speech: SPEECH_2 }),
    ]);
    ada = host;
    link = await ada.host(cluster.origin, 'Two nodes');
    await ada.goLive();
    await attachSoundProbe(ada.page);
    [near, far] = [ben, cleo];
    await ben.enter(link);
    await sleep(ONE_BEAT_MS);
    if (!(await isHomeListening())) [near, far] = [cleo, ben];
    await cleo.enter(link);
    await sleep(ONE_BEAT_MS);
  });
  afterAll(async () => {
    await Promise.all([ada, near, far, dora].map(async (person) => person?.close()));
    await cluster?.close();
    await sounds?.close();
  });

  async function findHome(): Promise<ClusterProcess> {
    const home = await cluster.homeOf(link.split('/').at(-1)!);
    if (!home) throw new Error('The room has no home');
    return home;
  }

  async function isHomeListening(): Promise<boolean> {
    const { id } = await findHome();
    const views = await cluster.view();
    return views.some((view) => view?.nodeId === id && view.rooms.some(({ listeners }) => listeners > 0));
  }

  it('a person who comes when all nodes are full hears the room with their place in the queue, and is let in when there is room', async () => {
    dora = await Person.create('Dora');
    await dora.enter(link);
    const note = dora.page.getByTestId('plane-note');
    await note.getByText(dora.texts.plane.place.replace('{{value}}', '1')).waitFor();
    await near.button(near.texts.leave.button).click();
    await note.waitFor({ state: 'detached', timeout: MOVES_WITHIN_MS });
    expect(dora.complaints).toEqual([]);
    [near, dora] = [dora, near];
  });

  it('a listener who is brought on stage from another node keeps hearing, and is heard on both nodes', async () => {
    expect(longestGapMs(await readSound(far.page, 2)), 'the speech itself').toBeLessThan(GAP_MS);
    await far.button(far.texts.hand.raise).click();
    await ada.bringOnStage(far.name);
    await far.turnOnMicrophone();
    await sleep(4000);
    expect(longestGapMs(await readSound(far.page, 8)), 'on the way up').toBeLessThan(GAP_MS);
    await near.tile(far.name).waitFor();
    await expectHears(ada.page, await readSpeech(SPEECH_2));
    expect([...ada.complaints, ...near.complaints, ...far.complaints]).toEqual([]);
  });

  it('a home that is drained gives the stage away, and listeners hear no gap', async () => {
    const home = await findHome();
    const drained = home.drain();
    await sleep(8000);
    expect(longestGapMs(await readSound(near.page, 9))).toBeLessThan(DRAIN_GAP_MS);
    await drained;
    expect(await ada.button(ada.texts.mic.mute).isVisible()).toBe(true);
    expect((await findHome()).id).not.toBe(home.id);
  });
});
