import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type Browser } from 'playwright-core';
import { epochMs } from '../clock.ts';
import { BrowserListener, firstLineOf } from './BrowserListener.ts';
import { buildBrowserReport, type BrowserReport } from './browserReport.ts';
import { CHROMIUM_ARGS } from './chromium.ts';
import { treeCpuS } from './processTree.ts';

/** For browsers that are on their way when everyone else has arrived. */
const SETTLE_MS = 20_000;
/** Pages that are opened at the same time. */
const OPENING = 3;

export interface BrowserAudienceOptions {
  readonly count: number;
  readonly chromiumBin: string;
  /** Speakers who are not muted. */
  readonly voices: number;
  /** Files with what they say. */
  readonly speeches: readonly URL[];
}

/** Listeners in real browsers: one Chromium, with a context for each. */
export class BrowserAudience {
  readonly #options: BrowserAudienceOptions;
  readonly #listeners: readonly BrowserListener[];
  /** In the command line of Chromium, which takes no notice: tells its processes from those of others. */
  readonly #mark = `--tribune-load-test=${randomUUID()}`;
  readonly #closing = new AbortController();
  #launching: Promise<Browser> | null = null;
  #arriving: Promise<unknown> = Promise.resolve();
  #liveEpochMs = 0;
  #cpu: { readonly s: number; readonly atMs: number } | null = null;
  #cpuPct: BrowserReport['cpuPct'] = { arriving: null, measuring: null };

  constructor(options: BrowserAudienceOptions) {
    this.#options = options;
    this.#listeners = Array.from({ length: options.count }, (_, i) => new BrowserListener(`Browser ${i + 1}`));
  }

  /** Starts Chromium, and opens a room's page in each context, up to the button that goes in. @param links of the rooms, taken in turn */
  async prepare(links: readonly string[]): Promise<void> {
    this.#launching = chromium.launch({
      executablePath: this.#options.chromiumBin,
      args: [...CHROMIUM_ARGS, this.#mark],
      // It is ended by `close()`, after the report.
      ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
    });
    try {
      const browser = await this.#launching;
      browser.on('disconnected', () => this.#closing.signal.aborted || this.#failAll('browser: it ended by itself'));
      const rest = this.#listeners.entries();
      const open = async () => {
        for (const [index, listener] of rest) await listener.prepare(browser, links[index % links.length]!);
      };
      await Promise.all(Array.from({ length: OPENING }, open));
    } catch (error) {
      this.#failAll(`browser: ${firstLineOf(error)}`);
    }
  }

  /** They set out spread evenly among those who do at `atMs`. */
  async arrive(atMs: readonly number[]): Promise<void> {
    this.#cpu = await this.#readCpu();
    this.#arriving = Promise.all(
      this.#listeners.map(async (listener, index) => {
        await delay(spreadAmong(atMs, index, this.#listeners.length), undefined, { signal: this.#closing.signal });
        await listener.enter();
      }),
    ).catch(() => undefined);
  }

  goLive(): void {
    this.#liveEpochMs = epochMs();
  }

  /** Once everyone else has arrived: resolves when all browsers have heard something, or have had their time to. */
  async settle(): Promise<void> {
    const patience = new AbortController();
    const signal = AbortSignal.any([patience.signal, this.#closing.signal]);
    await Promise.race([this.#arriving, delay(SETTLE_MS, undefined, { signal }).catch(() => undefined)]);
    patience.abort();
    await Promise.all(this.#listeners.map(async (listener) => listener.giveUp()));
    this.#cpuPct = { ...this.#cpuPct, arriving: await this.#cpuPctSince() };
  }

  async openWindow(): Promise<void> {
    await Promise.all(this.#listeners.map(async (listener) => listener.openWindow()));
    this.#cpu = await this.#readCpu();
  }

  async closeWindow(): Promise<void> {
    this.#cpuPct = { ...this.#cpuPct, measuring: await this.#cpuPctSince() };
    await Promise.all(this.#listeners.map(async (listener) => listener.closeWindow()));
  }

  /** Of one core, as the verdict needs it; null where nothing could be measured. */
  get cpuPct(): BrowserReport['cpuPct'] {
    return this.#cpuPct;
  }

  async report(): Promise<BrowserReport> {
    const { voices, speeches } = this.#options;
    const each = this.#listeners.map((listener) => ({
      state: listener.state,
      ttfaMs: listener.ttfaMs(this.#liveEpochMs),
      arriving: listener.arriving,
      measuring: listener.measuring,
      recording: listener.recording,
    }));
    return buildBrowserReport({ each, voices, speeches, cpuPct: this.#cpuPct });
  }

  /** Ends Chromium, with whatever is going on in it. */
  async close(): Promise<void> {
    this.#closing.abort();
    const browser = await this.#launching?.catch(() => null);
    await browser?.close().catch(() => undefined);
  }

  #failAll(reason: string): void {
    for (const listener of this.#listeners) listener.fail(reason);
  }

  async #readCpu(): Promise<{ s: number; atMs: number } | null> {
    const s = await treeCpuS(this.#mark);
    return s === null ? null : { s, atMs: performance.now() };
  }

  async #cpuPctSince(): Promise<number | null> {
    const [from, to] = [this.#cpu, await this.#readCpu()];
    return from && to ? (100_000 * (to.s - from.s)) / (to.atMs - from.atMs) : null;
  }
}

/** When the one of `count` who stands at `index` sets out, so that they lie evenly among the others. */
export function spreadAmong(atMs: readonly number[], index: number, count: number): number {
  return atMs[Math.floor(((index + 0.5) / count) * atMs.length)] ?? 0;
}
