import i18next from 'i18next';
import { expect, it } from 'vitest';
import { formatList } from './format.ts';
import { changeLanguage, startI18n } from './i18n.ts';
import { isolate } from './isolate.ts';

const HEBREW = 'נועה (מנחה)';

it.each([HEBREW, 'سارا ۱', 'Ann \u202eA', '\u200fA'])('%j is isolated', (text) => {
  expect(isolate(text)).toBe(`\u2068${text}\u2069`);
});

it.each(['Ada Lovelace', 'Елена', '陳偉', '12 %', 'Zoé 👩‍🚀'])('%j is left as it is', (text) => {
  expect(isolate(text)).toBe(text);
});

it('a name from right to left turns no sentence around, in either language, nor its neighbours in a list', async () => {
  await startI18n('en');
  expect(i18next.t('invite.title', { name: HEBREW })).toBe(`\u2068${HEBREW}\u2069 invites you to speak`);
  await changeLanguage('fr');
  expect(i18next.t('ended.hostedBy', { name: HEBREW })).toBe(`Animée par \u2068${HEBREW}\u2069`);
  expect(formatList([HEBREW, 'Ada'], 'en')).toBe(`\u2068${HEBREW}\u2069 and Ada`);
  await changeLanguage('en');
});
