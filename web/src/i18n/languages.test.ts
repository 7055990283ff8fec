import { beforeEach, describe, expect, it } from 'vitest';
import { formatCount, formatDuration, formatElapsed } from './format.ts';
import { frenchSpaces } from './frenchSpaces.ts';
import { detectLanguage, saveLanguage } from './languages.ts';

beforeEach(() => localStorage.clear());

describe('detectLanguage', () => {
  it('takes the first language of the browser that the page speaks', () => {
    expect(detectLanguage(['de-AT', 'fr-CA', 'en-US'])).toBe('fr');
  });

  it('falls back to English', () => {
    expect(detectLanguage(['ja'])).toBe('en');
  });

  it('prefers what was chosen on an earlier visit', () => {
    saveLanguage('fr');
    expect(detectLanguage(['en'])).toBe('fr');
  });
});

describe('formats', () => {
  it('a count is exact below ten thousand and short above', () => {
    expect(formatCount(1204, 'en')).toBe('1,204');
    expect(formatCount(48_210, 'en')).toBe('48.2K');
  });

  it('a duration is never less than a minute', () => {
    expect(formatDuration(10_000, 'en')).toBe('1 min');
    expect(formatElapsed(10_000, 'en')).toBe('< 1 min');
    expect(formatElapsed(60_000, 'en')).toBe('1 min');
    expect(formatDuration(65 * 60_000, 'en')).toBe('1 hr 5 min');
  });
});

describe('frenchSpaces', () => {
  it('makes the spaces before double punctuation unbreakable', () => {
    expect(frenchSpaces('Prêt ? Oui : « bien » !')).toBe('Prêt\u202f? Oui\u00a0: «\u00a0bien\u00a0»\u202f!');
  });
});
