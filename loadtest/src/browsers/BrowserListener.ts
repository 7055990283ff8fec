import type { Browser, Page } from 'playwright-core';
import { Failure, within } from '../people/failure.ts';
import { attachSoundProbe, KEPT_SOUND_S, readSound } from './soundProbe.ts';
import { inboundBetween, type InboundCounts, type InboundSnapshot } from './inbound.ts';
import { firstSoundOf, installConnectionProbe, readInbound } from './connectionProbe.ts';
import { userAgentOf } from './chromium.ts';

/** Of one step of the page, such as opening it. */
const STEP_TIMEOUT_MS = 30_000;
/** For figures, of a page that may be too busy to give them. */
const ANSWER_TIMEOUT_MS = 10_000;

export type BrowserState =
  { readonly kind: 'idle' | 'ready' | 'entering' | 'listening' } | { readonly kind: 'failed'; readonly reason: string };

/** One person with a browser of their own, as far as the server sees: a context with its own session. */
export class BrowserListener {
  readonly #name: string;
  #state: BrowserState = { kind: 'idle' };
  #page: Page | null = null;
  #clickedEpochMs = 0;
  #heardEpochMs: number | null = null;
  #opened: InboundSnapshot | null = null;
  #arriving: InboundCounts | null = null;
  #measuring: InboundCounts | null = null;
  #recording: Float32Array | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  get state(): BrowserState {
    return this.#state;
  }

  /** From the click, or from when the room went live for those who had waited, to the first sample played; null before. */
  ttfaMs(liveEpochMs: number): number | null {
    return this.#heardEpochMs === null ? null : this.#heardEpochMs - Math.max(this.#clickedEpochMs, liveEpochMs);
  }

  /** From the beginning until the window opened: the storm. */
  get arriving(): InboundCounts | null {
    return this.#arriving;
  }

  get measuring(): InboundCounts | null {
    return this.#measuring;
  }

  /** What was heard within the window, or the last of it. */
  get recording(): Float32Array | null {
    return this.#recording;
  }

  /** Opens the room's page as far as its lobby, as someone does who has the link open and waits. */
  async prepare(browser: Browser, link: string): Promise<void> {
    await this.#step('page', async () => {
      const context = await browser.newContext({ locale: 'en-GB', userAgent: userAgentOf(browser) });
      const page = await context.newPage();
      this.#page = page;
      page.setDefaultTimeout(STEP_TIMEOUT_MS);
      page.on('crash', () => this.fail('page: it crashed'));
      await installConnectionProbe(page);
      await page.goto(link);
      await page.locator('form input[name="name"]').fill(this.#name);
      this.#state = { kind: 'ready' };
    });
  }

  /** Resolves once sound is heard, or never will be. */
  async enter(): Promise<void> {
    const page = this.#page;
    if (!page || this.#state.kind !== 'ready') return;
    await this.#step('page', async () => {
      this.#state = { kind: 'entering' };
      await page.locator('form button[type="submit"]').click();
      const { clickedEpochMs, heardEpochMs } = await firstSoundOf(page);
      this.#clickedEpochMs = clickedEpochMs;
      this.#heardEpochMs = heardEpochMs;
      if (!this.#hasFailed) this.#state = { kind: 'listening' };
    });
  }

  /** Gives up on a listener who has not heard anything yet, with what the page says for a reason. */
  async giveUp(): Promise<void> {
    if (this.#state.kind !== 'entering') return;
    const said = await this.#page
      ?.locator('h1')
      .first()
      .textContent({ timeout: 1000 })
      .catch(() => null);
    if (this.#state.kind === 'entering') this.fail(`no-audio: the page shows "${said ?? ''}"`);
  }

  async openWindow(): Promise<void> {
    await this.#whileListening(async (page) => {
      this.#opened = await readInbound(page);
      this.#arriving = inboundBetween(new Map(), this.#opened);
      await attachSoundProbe(page);
    });
  }

  async closeWindow(): Promise<void> {
    await this.#whileListening(async (page) => {
      if (!this.#opened) return;
      this.#measuring = inboundBetween(this.#opened, await readInbound(page));
      this.#recording = await readSound(page, KEPT_SOUND_S);
      if (this.#measuring.packetsReceived === 0) throw new Failure('went-silent');
    });
  }

  fail(reason: string): void {
    if (!this.#hasFailed) this.#state = { kind: 'failed', reason };
  }

  get #hasFailed(): boolean {
    return this.#state.kind === 'failed';
  }

  async #whileListening(step: (page: Page) => Promise<void>): Promise<void> {
    const page = this.#page;
    if (page && this.#state.kind === 'listening')
      await this.#step('page', async () => within(step(page), ANSWER_TIMEOUT_MS, 'page: it does not answer'));
  }

  /** A page that fails is one failed listener, and never the end of the run. */
  async #step(where: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.fail(error instanceof Failure ? error.reason : `${where}: ${firstLineOf(error)}`);
    }
  }
}

/** Playwright goes on with a log of what it did. */
export function firstLineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
