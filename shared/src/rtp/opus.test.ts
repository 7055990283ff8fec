import { describe, expect, it } from 'vitest';
import { opusDurationMsOf } from './opus.ts';

describe('how much sound an Opus packet holds', () => {
  const toc = (configuration: number, code: number) => (configuration << 3) | code;

  it.each([
    ['one frame of SILK, 60 ms', [toc(11, 0)], 60],
    ['two frames of SILK, 20 ms', [toc(9, 1), 1, 1], 40],
    ['two frames of different size', [toc(15, 2), 1, 1, 1], 40],
    ['six frames of hybrid, 20 ms', [toc(15, 3), 6, 1, 1, 1, 1, 1, 1], 120],
    ['one frame of CELT, 2.5 ms', [toc(28, 0), 1], 2.5],
    ['nothing', [], 0],
    ['a count that is missing', [toc(15, 3)], 0],
  ])('%s', (_, bytes, ms) => {
    expect(opusDurationMsOf(Uint8Array.from(bytes))).toBe(ms);
  });
});
