import { describe, expect, it } from 'vitest';
import { isOpusPacket } from './opus.ts';

/** @param configuration 0 to 31, and `code` 0 to 3: how many frames follow. */
function packet(configuration: number, code: number, ...rest: number[]): Uint8Array {
  return Uint8Array.of((configuration << 3) | code, ...rest);
}

describe('isOpusPacket', () => {
  it.each([
    ['one frame', packet(9, 0, 1, 2, 3), true],
    ['one frame without bytes, which is silence', packet(9, 0), true],
    ['two frames of one length', packet(9, 1, 1, 2), true],
    ['two frames of one length that cannot be', packet(9, 1, 1, 2, 3), false],
    ['two frames of two lengths', packet(9, 2, 1, 2, 3), true],
    ['two frames without a length', packet(9, 2), false],
    ['six frames of 20 ms', packet(9, 3, 6, 1), true],
    ['seven frames of 20 ms, which are too long', packet(9, 3, 7, 1), false],
    ['48 frames of 2.5 ms', packet(16, 3, 48, 1), true],
    ['no frame at all', packet(9, 3, 0, 1), false],
    ['nothing', Uint8Array.of(), false],
    ['a frame that is too large', Uint8Array.from({ length: 1277 }, () => 0), false],
  ])('of %s', (_what, payload, expected) => {
    expect(isOpusPacket(payload)).toBe(expected);
  });
});
