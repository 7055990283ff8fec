import type { Page } from 'playwright-core';

/** One observation of a page: how loud it plays in two bands, in dB of full scale, and whose ring is lit. */
export interface Observation {
  readonly atMs: number;
  readonly lowDb: number;
  readonly highDb: number;
  readonly speaking: readonly string[];
}

const PERIOD_MS = 20;

/** Watches for `ms`, 50 times a second: what is played, and whose tile shows that they speak. */
export async function watch(page: Page, ms: number): Promise<Observation[]> {
  return page.evaluate(observe, { ms, periodMs: PERIOD_MS });
}

/** Runs in the page. */
async function observe({ ms, periodMs }: { ms: number; periodMs: number }): Promise<Observation[]> {
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
  const observations: Observation[] = [];
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, periodMs));
    analyser.getFloatFrequencyData(bins);
    const lit = document.querySelectorAll<HTMLElement>('[data-speaking="true"]');
    observations.push({
      atMs: performance.now(),
      lowDb: bandDb(150, 700),
      highDb: bandDb(3000, 7000),
      speaking: Array.from(lit, (tile) => tile.innerText),
    });
  }
  await context.close();
  return observations;
}

/**
 * How long after each beginning of a sound the ring was lit, in ms; negative where it was before. A beginning follows at least
 * half a second of quiet.
 */
export function ringDelays(
  observations: readonly Observation[],
  band: 'lowDb' | 'highDb',
  name: string,
  loudDb: number,
): number[] {
  const QUIET_MS = 500;
  const NEAR_MS = 1000;
  const delays: number[] = [];
  let loudAt = observations[0]?.atMs ?? 0;
  for (const [index, { atMs, [band]: db }] of observations.entries()) {
    if (db < loudDb) continue;
    const isBeginning = atMs - loudAt > QUIET_MS;
    loudAt = atMs;
    if (!isBeginning) continue;
    const lit = observations.findIndex(
      (it, at) =>
        at > 0 && isLit(it, name) && !isLit(observations[at - 1]!, name) && Math.abs(it.atMs - atMs) < NEAR_MS,
    );
    delays.push(lit < 0 ? Number.POSITIVE_INFINITY : observations[lit]!.atMs - observations[index]!.atMs);
  }
  return delays;
}

function isLit({ speaking }: Observation, name: string): boolean {
  return speaking.some((text) => text.includes(name));
}
