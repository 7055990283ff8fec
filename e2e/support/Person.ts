import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { CHROMIUM_ARGS, userAgentOf } from '@tribune/loadtest/browsers/chromium.ts';
import { en } from '@tribune/web/i18n/en.ts';
import type { NetworkCable } from './NetworkCable.ts';
import { attachSoundProbe } from './soundProbe.ts';

const ACTION_MS = 15_000;

export const SPEECH = new URL('../fixtures/speech.wav', import.meta.url);
export const SPEECH_2 = new URL('../fixtures/speech-2.wav', import.meta.url);

/** The texts of the page in one language: all have the shape of the English ones. */
type Texts = typeof en;

interface PersonOptions {
  /** What this person says into their microphone, over and over. */
  readonly speech?: URL;
  readonly context?: BrowserContextOptions;
  readonly texts?: Texts;
  /** At the far end of which the browser runs; on this host otherwise. */
  readonly cable?: NetworkCable | null;
}

/** Someone with a browser of their own. */
export class Person {
  readonly name: string;
  readonly page: Page;
  readonly texts: Texts;
  /** What the browser complained about: exceptions, refused resources, violations of the page's policy. */
  readonly complaints: string[] = [];
  /** JavaScript loaded so far, as it came over the network. */
  scriptBytes = 0;
  readonly #browser: Browser;

  private constructor(name: string, page: Page, texts: Texts, browser: Browser) {
    this.name = name;
    this.page = page;
    this.texts = texts;
    this.#browser = browser;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('requestfinished', (request) => {
      if (request.resourceType() !== 'script') return;
      void request.sizes().then(({ responseBodySize }) => (this.scriptBytes += responseBodySize));
    });
  }

  static async create(
    name: string,
    { speech = SPEECH, context = {}, cable = null, texts = en }: PersonOptions = {},
  ): Promise<Person> {
    const program = await createProgram(cable);
    const browser = await chromium.launch({
      executablePath: program.path,
      args: [
        ...CHROMIUM_ARGS,
        ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
        `--use-file-for-fake-audio-capture=${fileURLToPath(speech)}`,
      ],
    });
    await program.forget();
    const page = await (
      await browser.newContext({ locale: 'en-GB', userAgent: userAgentOf(browser), ...context })
    ).newPage();
    page.setDefaultTimeout(ACTION_MS);
    await page.addInitScript(countMicrophoneRequests);
    return new Person(name, page, texts, browser);
  }

  button(name: string) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /**
   * Creates a room as its host, and is backstage with the microphone on.
   * @param audience as its form has it
   * @returns the room's link
   */
  async host(origin: string, title: string, audience: 'room' | 'broadcast' = 'room'): Promise<string> {
    const { page, texts } = this;
    await page.goto(origin);
    await this.button(texts.home.create).first().click();
    await page.getByLabel(texts.create.yourName).fill(this.name);
    await page.getByLabel(texts.create.roomTitle).fill(title);
    await page.getByLabel(texts.create.audience, { exact: true }).selectOption(audience);
    await this.button(texts.create.submit).click();
    await page.waitForURL(/\/r\/[\w-]+$/);
    await this.turnOnMicrophone();
    return page.url();
  }

  async turnOnMicrophone(): Promise<void> {
    await this.button(this.texts.mic.publish).click();
    await this.button(this.texts.mic.mute).waitFor();
  }

  async goLive(): Promise<void> {
    await this.button(this.texts.backstage.goLive).click();
    await this.page.getByText(this.texts.room.live, { exact: true }).first().waitFor();
  }

  /** As the host: asks for a recording. */
  async record(): Promise<void> {
    await this.button(this.texts.room.menu).click();
    await this.page.getByRole('menuitem', { name: this.texts.recording.start }).click();
    await this.page.getByTitle(this.texts.recording.armed).waitFor();
  }

  /** Opens the link and enters, as someone who was never here. */
  async enter(link: string, button = this.texts.lobby.listen): Promise<void> {
    await this.page.goto(link);
    await this.page.getByLabel(this.texts.lobby.yourName).fill(this.name);
    await this.button(button).click();
    await this.button(this.texts.leave.button).first().waitFor();
    await attachSoundProbe(this.page);
  }

  async endRoom(): Promise<void> {
    await this.button(this.texts.room.menu).click();
    await this.page.getByRole('menuitem', { name: this.texts.menu.end }).click();
    await this.button(this.texts.confirm.end).click();
  }

  /** Their tile on the stage, as this person sees it. */
  tile(name: string) {
    return this.page.getByRole('list', { name: this.texts.room.stage }).getByRole('listitem').filter({ hasText: name });
  }

  /** Picks from the menu of someone's tile. */
  async onTile(name: string, action: 'mute' | 'demote'): Promise<void> {
    // Its name goes on with what the tile shows.
    await this.page.getByRole('button', { name: withName(this.texts.tile.menu, name) }).click();
    await this.page.getByRole('menuitem', { name: this.texts.member[action] }).click();
  }

  /** Finds someone among the people, and confirms what is to be done to them. */
  async onListener(name: string, action: 'remove' | 'ban'): Promise<void> {
    const { people, member } = this.texts;
    await this.button(people.open).click();
    await this.button(withName(people.moreOf, name)).click();
    await this.page.getByRole('menuitem', { name: member[action] }).click();
    await this.page.getByRole('alertdialog').getByRole('button', { name: member[action] }).click();
    await this.page.keyboard.press('Escape');
  }

  async bringOnStage(name: string): Promise<void> {
    await this.button(withName(this.texts.hand.approve, name)).click();
  }

  async microphoneRequests(): Promise<number> {
    return this.page.evaluate(() => (globalThis as unknown as { microphoneRequests: number }).microphoneRequests);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

function withName(text: string, name: string): string {
  return text.replace('{{name}}', name);
}

/** Runs in the page, before anything of it. */
function countMicrophoneRequests(): void {
  const counter = globalThis as unknown as { microphoneRequests: number };
  counter.microphoneRequests = 0;
  // A page that is not secure has none.
  const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
  if (!mediaDevices) return;
  const original = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    counter.microphoneRequests++;
    return original(constraints);
  };
}

/** Playwright starts one program: at the far end of a cable that is a script. */
async function createProgram(cable: NetworkCable | null): Promise<{ path: string; forget: () => Promise<void> }> {
  const chromiumBin = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
  if (!cable) return { path: chromiumBin, forget: async () => undefined };
  const dir = await mkdtemp(join(tmpdir(), 'tribune-browser-'));
  const path = join(dir, 'chromium');
  await writeFile(path, `#!/bin/sh\nexec ${cable.prefix.join(' ')} '${chromiumBin}' "$@"\n`, { mode: 0o700 });
  return { path, forget: async () => rm(dir, { recursive: true }) };
}
