import { expect, it } from 'vitest';
import { SpeakingHold } from './SpeakingHold.ts';

it('shows a voice at once, and through the pauses between words, but no longer', () => {
  const speaking = new SpeakingHold();
  expect(speaking.follow(-60, 0)).toBeNull();
  expect(speaking.follow(-20, 20)).toBe(-20);
  expect(speaking.follow(-Infinity, 200)).toBe(-45);
  expect(speaking.follow(-Infinity, 260)).toBeNull();
});
