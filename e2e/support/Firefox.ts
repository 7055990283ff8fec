import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { similarity, SOUND_PROBE_HZ } from '@tribune/loadtest/browsers/similarity.ts';
import { en } from '@tribune/web/i18n/en.ts';
import type { NetworkCable } from './NetworkCable.ts';

const FAR_FIREFOX = fileURLToPath(new URL('farFirefox.ts', import.meta.url));
const ACTION_MS = 15_000;
const POLL_MS = 100;
const HEARD_S = 4;

/**
 * A Firefox at the far end of a cable, for as many people as a test needs. It gathers no candidates on loopback, and so hears
 * nothing from a server on the same machine without a network between the two.
 */
export class Firefox {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** @param path of the program */
  static async launch(path: string, cable: NetworkCable): Promise<Firefox> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-firefox-'));
    const script = join(dir, 'firefox');
    const words = [...cable.prefix, process.execPath, FAR_FIREFOX, cable.farAddress, path];
    await writeFile(script, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`, { mode: 0o700 });
    try {
      const browser = await puppeteer.launch({
        browser: 'firefox',
        executablePath: script,
        defaultViewport: { width: 1280, height: 900 },
        extraPrefsFirefox: {
          'media.navigator.streams.fake': true,
          'media.navigator.permission.disabled': true,
          // Microphones are for secure pages, and there is no certificate for a cable.
          'dom.securecontext.allowlist': cable.serverAddress,
          // A pointer misses a button that still moves.
          'ui.prefersReducedMotion': 1,
        },
      });
      return new Firefox(browser);
    } finally {
      await rm(dir, { recursive: true });
    }
  }

  /**
   * Someone with cookies and storage of their own.
   * @param speech what they say into their microphone, over and over
   */
  async person(name: string, speech: URL): Promise<FirefoxPerson> {
    const context = await this.#browser.createBrowserContext();
    // A page behind another is slowed down.
    const page = await context.newPage({ type: 'window' });
    page.setDefaultTimeout(ACTION_MS);
    await page.evaluateOnNewDocument(speakIntoMicrophone, (await readFile(speech)).toString('base64'));
    return new FirefoxPerson(name, page);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** Someone with a page in Firefox: what `Person` is in Chromium, by another library. */
export class FirefoxPerson {
  readonly name: string;
  readonly page: Page;
  /** Exceptions in the page. */
  readonly complaints: string[] = [];

  constructor(name: string, page: Page) {
    this.name = name;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /** Waits for a button that can be pressed. */
  async findButton(name: string): Promise<ElementHandle<HTMLElement>> {
    return this.#find(findButton, name);
  }

  async press(name: string): Promise<void> {
    await (await this.findButton(name)).click();
  }

  /** Creates a room as its host, and is backstage with the microphone on. @returns the room's link */
  async host(origin: string, title: string): Promise<string> {
    await this.page.goto(origin);
    await this.press(en.home.create);
    await this.#fill(en.create.yourName, this.name);
    await this.#fill(en.create.roomTitle, title);
    await this.press(en.create.submit);
    await this.turnOnMicrophone();
    return this.page.url();
  }

  async turnOnMicrophone(): Promise<void> {
    await this.press(en.mic.publish);
    await this.findButton(en.mic.mute);
  }

  /** Opens the link and listens, as someone who was never here. */
  async enter(link: string): Promise<void> {
    await this.page.goto(link);
    await this.#fill(en.lobby.yourName, this.name);
    await this.press(en.lobby.listen);
    await this.findButton(en.leave.button);
  }

  /** How much of what this page plays is that speech: see `similarity`. */
  async similarityOf(speech: Float32Array): Promise<number> {
    return similarity(await this.#record(), speech);
  }

  async #record(): Promise<Float32Array> {
    const pcm = Buffer.from(await this.page.evaluate(recordSound, HEARD_S, SOUND_PROBE_HZ), 'base64');
    return Float32Array.from({ length: pcm.length / 2 }, (_, i) => pcm.readInt16LE(2 * i) / 32_768);
  }

  async #fill(label: string, text: string): Promise<void> {
    await (await this.#find(findField, label)).type(text);
  }

  /** Looks again and again. The library's own way, by the tree for screen readers, takes half a second for each look. */
  async #find(look: (name: string) => HTMLElement | undefined, name: string): Promise<ElementHandle<HTMLElement>> {
    const found = await this.page.waitForFunction(look, { polling: POLL_MS }, name);
    return found as ElementHandle<HTMLElement>;
  }
}

/** Runs in the page. */
function findButton(name: string): HTMLElement | undefined {
  return Array.from(document.querySelectorAll('button')).find(
    (button) =>
      (button.ariaLabel ?? button.textContent.trim()) === name &&
      button.checkVisibility() &&
      !button.matches(':disabled, [aria-disabled="true"]'),
  );
}

/** Runs in the page. */
function findField(label: string): HTMLElement | undefined {
  const labels = Array.from(document.querySelectorAll('label'));
  return labels.find((it) => it.textContent.trim() === label)?.control ?? undefined;
}

/**
 * Runs in the page, before anything of it. Firefox takes no file for its microphone, as Chromium does: it is asked for one, and
 * speech takes the place of its steady tone.
 */
function speakIntoMicrophone(encoded: string): void {
  const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
  if (!mediaDevices) return;
  const original = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    await original(constraints);
    const wave = new Blob([Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))]);
    const voice = new Audio(URL.createObjectURL(wave)) as HTMLAudioElement & { mozCaptureStream(): MediaStream };
    voice.loop = true;
    await voice.play();
    return voice.mozCaptureStream();
  };
}

/**
 * Runs in the page. A recorder, where Chromium has a sound probe: in Firefox no AudioContext ever runs on a machine that has no
 * sound card, but for one that is offline.
 */
async function recordSound(seconds: number, sampleRate: number): Promise<string> {
  const audio = document.querySelector('audio');
  if (!(audio?.srcObject instanceof MediaStream) || audio.paused || audio.muted) return '';
  const recorder = new MediaRecorder(audio.srcObject);
  const recorded = new Promise<Blob>((resolve) =>
    recorder.addEventListener('dataavailable', ({ data }) => resolve(data)),
  );
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  recorder.stop();
  const offline = new OfflineAudioContext(1, 1, sampleRate);
  const samples = (await offline.decodeAudioData(await (await recorded).arrayBuffer())).getChannelData(0);
  const pcm = Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32_767);
  return btoa(Array.from(new Uint8Array(pcm.buffer), (byte) => String.fromCharCode(byte)).join(''));
}
