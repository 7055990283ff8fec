import { CLOSE_REASONS, ERROR_CODES } from '@tribune/shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { fr } from './fr.ts';
import { LANGUAGES, type Language } from './languages.ts';
import { WAYS_OUT } from './problems.ts';

const LOCALES: Readonly<Record<Language, object>> = { en, fr };
const PLURAL = /_(zero|one|two|few|many|other)$/;

/** Every text with its dotted key. */
function textsOf(messages: object, prefix = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(messages) as [string, unknown][]) {
    if (typeof value === 'string') texts.set(prefix + key, value);
    else for (const [inner, text] of textsOf(value as object, `${prefix}${key}.`)) texts.set(inner, text);
  }
  return texts;
}

function keysOf(language: Language): string[] {
  const keys = [...textsOf(LOCALES[language]).keys()].map((key) => key.replace(PLURAL, '_n'));
  return [...new Set(keys)].toSorted();
}

function placeholdersOf(text: string): string[] {
  return [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name ?? '').toSorted();
}

describe('locales', () => {
  it.each(LANGUAGES)('%s has the same keys as English', (language) => {
    expect(keysOf(language)).toEqual(keysOf('en'));
  });

  it.each(LANGUAGES)('%s has every plural form of its language wherever it has one', (language) => {
    const texts = textsOf(LOCALES[language]);
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    const counted = [...texts.keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, ''));
    for (const key of new Set(counted)) {
      for (const category of pluralCategories) expect(texts.has(`${key}_${category}`), `${key}_${category}`).toBe(true);
    }
  });

  it.each(LANGUAGES)('%s fills in the same names as English', (language) => {
    const reference = textsOf(en);
    for (const [key, text] of textsOf(LOCALES[language])) {
      const other = reference.get(key) ?? reference.get(key.replace('_many', '_other')) ?? '';
      expect(placeholdersOf(text), key).toEqual(placeholdersOf(other));
    }
  });

  it('French never lets a line break before a colon, a question mark, an exclamation mark or inside guillemets', () => {
    for (const [key, text] of textsOf(fr)) expect(text, key).not.toMatch(/ [:;?!»]|« /);
  });
});

describe('problems', () => {
  const reasons = [...ERROR_CODES, ...CLOSE_REASONS, 'left', 'offline'] as const;

  it.each(reasons)('%s has a title, a next step and a way out in every language', (reason) => {
    for (const { problems } of [en, fr]) {
      expect(problems[reason].title).not.toBe('');
      expect(problems[reason].next).toMatch(/\.$/);
    }
    expect(WAYS_OUT[reason]).toBeDefined();
  });

  it('the five problems of a microphone have five different texts', () => {
    for (const { problems } of [en, fr]) {
      const { micDenied, micMissing, micBusy, micInsecure, micFailed } = problems;
      const titles = [micDenied, micMissing, micBusy, micInsecure, micFailed].map(({ title }) => title);
      expect(new Set(titles).size).toBe(5);
    }
  });
});
