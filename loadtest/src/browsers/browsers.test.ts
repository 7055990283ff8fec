import { describe, expect, it } from 'vitest';
import { SPEECH_FILES } from '../people/Stage.ts';
import { spreadAmong } from './BrowserAudience.ts';
import { bestSimilarity, buildBrowserReport, type BrowserMeasurements } from './browserReport.ts';
import { parseStat } from './processTree.ts';
import { SOUND_PROBE_HZ, readSpeech, SAME_SPEECH } from './similarity.ts';

const [first, second] = await Promise.all(SPEECH_FILES.map(async (file) => readSpeech(file)));

/** Some seconds out of a speech, with noise as loud as a fraction of full scale. */
function excerpt(speech: Float32Array, fromS: number, seconds: number, noise = 0): Float32Array {
  const samples = speech.slice(fromS * SOUND_PROBE_HZ, (fromS + seconds) * SOUND_PROBE_HZ);
  // Any sequence without a pattern that speech has.
  return samples.map((sample, i) => sample + noise * Math.sin(i * i));
}

describe('what is heard', () => {
  it('is recognised wherever in the speech it is, and no other speech is', () => {
    const heard = excerpt(first!, 1.37, 4, 0.001);
    expect(bestSimilarity(heard, [first!])).toBeGreaterThan(SAME_SPEECH);
    expect(bestSimilarity(heard, [second!])).toBeLessThan(SAME_SPEECH);
    expect(bestSimilarity(heard, [second!, first!])).toBeGreaterThan(SAME_SPEECH);
  });

  it('is not recognised in silence, and not judged by less than 4 s', () => {
    expect(bestSimilarity(new Float32Array(4 * SOUND_PROBE_HZ), [first!])).toBeLessThan(SAME_SPEECH);
    expect(bestSimilarity(excerpt(first!, 0, 3), [first!])).toBeNull();
  });
});

describe('buildBrowserReport', () => {
  const heard = { state: { kind: 'listening' }, ttfaMs: 200, arriving: null, measuring: null } as const;
  const lost = { ...heard, state: { kind: 'failed', reason: 'no-audio' }, ttfaMs: null, recording: null } as const;
  const measured: BrowserMeasurements = {
    each: [{ ...heard, recording: excerpt(first!, 2, 4) }, { ...heard, recording: excerpt(second!, 2, 4) }, lost],
    voices: 1,
    speeches: SPEECH_FILES.slice(0, 1),
    cpuPct: { arriving: 30.04, measuring: null },
  };

  it('counts browsers that heard the right voice, and failures by reason', async () => {
    expect(await buildBrowserReport(measured)).toMatchObject({
      asked: 3,
      joined: 2,
      failed: [{ reason: 'no-audio', count: 1 }],
      recognised: 1,
      recognisedFrom: SAME_SPEECH,
      ttfaMs: { p50: 200 },
      cpuPct: { arriving: 30, measuring: null },
    });
  });

  it('judges nobody where more than two speak at once', async () => {
    const report = await buildBrowserReport({ ...measured, voices: 3 });
    expect(report).toMatchObject({ recognised: null, recognisedFrom: null });
    expect(report.similarityMin).not.toBeNull();
  });
});

describe('browsers', () => {
  it('set out evenly among the others', () => {
    const atMs = [0, 10, 20, 30, 40, 50, 60, 70];
    expect([0, 1].map((index) => spreadAmong(atMs, index, 2))).toEqual([20, 60]);
    expect(spreadAmong([5], 3, 4)).toBe(5);
  });

  it('cost what /proc says, whatever their program is called', () => {
    const times = '250 50 7 3';
    const text = `4711 (chro) mium) S 42 1 1 0 -1 4194560 9 0 0 0 ${times} 20 0 1 0 100`;
    expect(parseStat(text)).toEqual({ parent: 42, cpuS: 3.1 });
    expect(parseStat('')).toBeNull();
  });
});
