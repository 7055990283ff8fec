import { readStored, writeStored } from '../client/storage.ts';

export const LANGUAGES = ['en', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language in its own words. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', fr: 'Français' };

const LANGUAGE_KEY = 'tribune.language';
const FALLBACK: Language = 'en';

export function isLanguage(value: unknown): value is Language {
  return (LANGUAGES as readonly unknown[]).includes(value);
}

/** The language chosen on an earlier visit, else the first one of the browser's that the page speaks. */
export function detectLanguage(preferred: readonly string[] = navigator.languages): Language {
  const stored = readStored(LANGUAGE_KEY);
  if (isLanguage(stored)) return stored;
  return preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? FALLBACK;
}

export function saveLanguage(language: Language): void {
  writeStored(LANGUAGE_KEY, language);
}
