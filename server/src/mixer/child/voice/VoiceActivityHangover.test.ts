import { expect, it } from 'vitest';
import { VoiceActivityHangover } from './VoiceActivityHangover.ts';

it('shows a voice at once and through the pauses between words, but no longer', () => {
  const hangover = new VoiceActivityHangover();
  expect(hangover.follow(-60, 0)).toBeNull();
  expect(hangover.follow(-20, 20)).toBe(-20);
  expect(hangover.follow(-Infinity, 200)).toBe(-45);
  expect(hangover.follow(-Infinity, 260)).toBeNull();
});
