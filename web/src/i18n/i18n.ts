import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { detectLanguage, saveLanguage, type Language } from './languages.ts';
import { isolate } from './isolate.ts';
import type { Messages } from './messages.ts';

/** One chunk per language: only the one that is read gets downloaded. */
const loaders: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: async () => (await import('./en.ts')).en,
  fr: async () => (await import('./fr.ts')).fr,
};

/** Call once, before the first render. */
export async function startI18n(language: Language = detectLanguage()): Promise<void> {
  const messages = await loaders[language]();
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: messages } },
    fallbackLng: false,
    // React escapes HTML; what has to be kept apart here is the direction of a text.
    interpolation: { escapeValue: true, escape: isolate },
    returnNull: false,
  });
  document.documentElement.lang = language;
}

/** Switches the whole page, and remembers it. */
export async function changeLanguage(language: Language): Promise<void> {
  const messages = await loaders[language]();
  i18next.addResourceBundle(language, 'translation', messages, true, true);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  saveLanguage(language);
}
