import { expect, it } from 'vitest';
import { hueOf, initialsOf } from './avatar.ts';

it('initials are those of the first and the last word', () => {
  expect(initialsOf('Ada King Lovelace')).toBe('AL');
  expect(initialsOf('émil')).toBe('É');
});

it('an emoji is never cut in two', () => {
  expect(initialsOf('👩‍🚀 Nova')).toBe('👩‍🚀N');
});

it('the same person always has the same colour, and ids that are alike do not', () => {
  expect(hueOf('user-1')).toBe(hueOf('user-1'));
  const hues = Array.from({ length: 60 }, (_, index) => hueOf(`user-${index}`));
  expect(new Set(hues).size).toBeGreaterThan(8);
});
