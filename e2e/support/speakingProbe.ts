import type { Page } from 'playwright-core';

/** One look at a page: how loud it plays in two bands, in dB of full scale, and whose ring is lit. */
export interface Look {
  readonly atMs: number;
  readonly lowDb: number;
  readonly highDb: number;
  readonly speaking: readonly string[];
}

const PERIOD_MS = 20;

/** Watches for `ms`, 50 times a second: what is played, and whose tile shows that they speak. */
export async function watch(page: Page, ms: number): Promise<Look[]> {
  return page.evaluate(look, { ms, periodMs: PERIOD_MS });
}

/** Runs in the page. */
async function look({ ms, periodMs }: { ms: number; periodMs: number }): Promise<Look[]> {
  const audio = document.querySelector('audio');
  if (!(audio?.srcObject instanceof MediaStream)) throw new Error('The page plays nothing');
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  analyser.smoothingTimeConstant = 0;
  context.createMediaStreamSource(audio.srcObject).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const hzPerBin = context.sampleRate / analyser.fftSize;
  const bandDb = (fromHz: number, toHz: number) => {
    const part = bins.subarray(Math.floor(fromHz / hzPerBin), Math.ceil(toHz / hzPerBin));
    return 10 * Math.log10(part.reduce((sum, db) => sum + 10 ** (db / 10), 1e-12));
  };
  const looks: Look[] = [];
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, periodMs));
    analyser.getFloatFrequencyData(bins);
    const lit = document.querySelectorAll<HTMLElement>('[data-speaking="true"]');
    looks.push({
      atMs: performance.now(),
      lowDb: bandDb(150, 700),
      highDb: bandDb(3000, 7000),
      speaking: Array.from(lit, (tile) => tile.innerText),
    });
  }
  await context.close();
  return looks;
}

/**
 * How long after each beginning of a sound the ring was lit, in ms; negative where it was before. A beginning follows at least
 * half a second of quiet.
 */
export function ringDelays(looks: readonly Look[], band: 'lowDb' | 'highDb', name: string, loudDb: number): number[] {
  const QUIET_MS = 500;
  const NEAR_MS = 1000;
  const delays: number[] = [];
  let loudAt = looks[0]?.atMs ?? 0;
  for (const [index, { atMs, [band]: db }] of looks.entries()) {
    if (db < loudDb) continue;
    const isBeginning = atMs - loudAt > QUIET_MS;
    loudAt = atMs;
    if (!isBeginning) continue;
    const lit = looks.findIndex(
      (it, at) => at > 0 && isLit(it, name) && !isLit(looks[at - 1]!, name) && Math.abs(it.atMs - atMs) < NEAR_MS,
    );
    delays.push(lit < 0 ? Number.POSITIVE_INFINITY : looks[lit]!.atMs - looks[index]!.atMs);
  }
  return delays;
}

function isLit({ speaking }: Look, name: string): boolean {
  return speaking.some((text) => text.includes(name));
}
