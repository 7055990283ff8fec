import { mkdir } from 'node:fs/promises';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { TestPeer } from '@tribune/server/test/support/TestPeer.ts';
import { Person } from './support/Person.ts';
import { TestDeployment } from './support/TestDeployment.ts';

/**
 * `npm run screenshots [folder]`: pictures of a real room from a phone to a large screen, light and dark, for people to judge. The picture
 * of the README is `live-host-1280-light.png`, at half its size, and that of docs/recordings.md `replay-1280-light.png`.
 */

const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
  { width: 768, height: 1024 },
  { width: 1920, height: 1080 },
] as const;
const SPOKEN_MS = 4000;
const TITLE = 'Questions about our first year';
const SPEAKERS = ['Maya Okafor', 'Jonas Weber', 'Inès Laurent', 'Tom'];
const LISTENERS = [
  'Léa',
  'Sam',
  'Noor',
  'Bruno',
  'Chiara',
  'Dev',
  'Elif',
  'Farah',
  'Gus',
  'Hana',
  'Ivo',
  'June',
  'Kofi',
  'Lin',
];

async function take(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const deployment = await TestDeployment.create();
  const people: { close(): Promise<void> | void }[] = [deployment];
  try {
    for (const colorScheme of ['light', 'dark'] as const) await takeAll(deployment, folder, colorScheme, people);
  } finally {
    for (const person of people.toReversed()) await person.close();
  }
}

async function takeAll(
  deployment: TestDeployment,
  folder: string,
  colorScheme: 'light' | 'dark',
  people: { close(): Promise<void> | void }[],
): Promise<void> {
  const context = { colorScheme, deviceScaleFactor: 2 };
  const host = await Person.create('Ada Lindqvist', { context });
  const listener = await Person.create('Zoé', { context });
  people.push(host, listener);
  const shoot = async ({ page }: Person, name: string) => {
    for (const viewport of SIZES) {
      await page.setViewportSize(viewport);
      await page.waitForTimeout(600);
      await page.screenshot({ path: `${folder}/${name}-${viewport.width}-${colorScheme}.png` });
    }
  };
  const dialog = async (person: Person, name: string, picture: string) => {
    await person.page.getByRole('dialog', { name }).or(person.page.getByRole('alertdialog', { name })).waitFor();
    await shoot(person, picture);
    await person.page.keyboard.press('Escape');
  };
  const fromMenu = async (person: Person, item: string, picture: string) => {
    await person.button(person.texts.room.menu).click();
    await person.page.getByRole('menuitem', { name: item }).click();
    await dialog(person, item, picture);
  };
  const link = await host.host(deployment.origin, TITLE);
  await listener.page.goto(deployment.origin);
  await listener.page.getByRole('heading', { name: TITLE }).first().waitFor();
  await shoot(listener, 'home');
  await listener.button(listener.texts.home.create).first().click();
  await dialog(listener, listener.texts.create.title, 'create');
  await listener.page.goto(link);
  await listener.button(listener.texts.lobby.waitInside).waitFor();
  await shoot(listener, 'lobby');
  const roomId = link.split('/').at(-1) ?? '';
  const guests = await Promise.all(
    [...SPEAKERS, ...LISTENERS].map(async (name) => enter(deployment.origin, roomId, name)),
  );
  people.push(...guests.map((guest) => ({ close: () => guest.leave() })));
  await shoot(host, 'backstage');
  await listener.enter(link, listener.texts.lobby.waitInside);
  await shoot(listener, 'waiting');
  for (const speaker of guests.slice(0, SPEAKERS.length)) {
    await speaker.request('hand:raise');
    await host.bringOnStage(speaker.name);
    await speaker.until(() => speaker.self.role === 'speaker');
  }
  await guests[0]?.request('stage:setMuted', { muted: false });
  await host.record();
  await host.goLive();
  await guests.at(-1)?.request('hand:raise');
  await guests.at(-2)?.request('hand:raise');
  await listener.tile('Ada').waitFor();
  await host.page.waitForTimeout(2500);
  await shoot(host, 'live-host');
  await shoot(listener, 'live-listener');
  await fromMenu(host, host.texts.health.title, 'health');
  await fromMenu(host, host.texts.mic.settings, 'microphone');
  await fromMenu(listener, listener.texts.settings.title, 'settings');
  await host.button(host.texts.people.open).click();
  await host.button(host.texts.people.inviteOf.replace('{{name}}', listener.name)).click();
  await dialog(host, host.texts.people.title, 'people');
  await listener.button(listener.texts.invite.accept).waitFor();
  await shoot(listener, 'invitation');
  await listener.button(listener.texts.invite.accept).click();
  await listener.turnOnMicrophone();
  await shoot(listener, 'live-speaker');
  for (const [one, other] of [
    [host, listener],
    [listener, host],
    [host, listener],
  ] as const) {
    await one.page.keyboard.press('m');
    await host.page.waitForTimeout(SPOKEN_MS);
    await one.page.keyboard.press('m');
    await other.page.keyboard.press('m');
    await host.page.waitForTimeout(SPOKEN_MS);
    await other.page.keyboard.press('m');
  }
  for (const speaker of guests.slice(0, SPEAKERS.length)) await speaker.request('stage:leave');
  await host.onTile(listener.name, 'demote');
  await host.tile(listener.name).waitFor({ state: 'detached' });
  await shoot(listener, 'live-one-speaker');
  await listener.page.goto(`${deployment.origin}/r/no-such-room-at-all`);
  await listener.page.getByRole('heading', { level: 1 }).waitFor();
  await shoot(listener, 'no-room');
  await host.endRoom();
  await host.page.getByRole('heading', { name: host.texts.ended.title }).waitFor();
  await shoot(host, 'ended');
  await listener.page.goto(link);
  await listener.button(listener.texts.replay.play).waitFor();
  await shoot(listener, 'replay');
}

async function enter(origin: string, roomId: string, name: string): Promise<TestPeer> {
  const api = new ApiClient(origin);
  const { user, token } = await api.createSession(name);
  const peer = new TestPeer(name, { api, userId: user.userId, token, origin });
  await peer.join(roomId);
  return peer;
}

await take(process.argv[2] ?? 'screenshots');
process.exit(0);
