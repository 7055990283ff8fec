import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  formatCount,
  formatDate,
  formatDuration,
  formatElapsed,
  formatLanguage,
  formatList,
  formatMeasure,
  formatPercent,
} from './format.ts';

export interface Format {
  count(value: number): string;
  percent(share: number): string;
  duration(ms: number): string;
  elapsed(ms: number): string;
  measure(value: number, unit: 's' | 'ms' | '%', digits?: number): string;
  language(tag: string): string;
  date(epochMs: number): string;
  list(names: readonly string[]): string;
}

/** Numbers, durations, languages and lists in the language of the page. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  const { language } = i18n;
  return useMemo(
    () => ({
      count: (value) => formatCount(value, language),
      percent: (share) => formatPercent(share, language),
      duration: (ms) => formatDuration(ms, language),
      elapsed: (ms) => formatElapsed(ms, language),
      measure: (value, unit, digits = 0) => formatMeasure(value, unit, digits, language),
      language: (tag) => formatLanguage(tag, language),
      date: (epochMs) => formatDate(epochMs, language),
      list: (names) => formatList(names, language),
    }),
    [language],
  );
}
