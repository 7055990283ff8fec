import { isolate } from './isolate.ts';

const COMPACT_FROM = 10_000;
const MINUTE_MS = 60_000;
const MINUTES_PER_HOUR = 60;

/** `1,204`, and `12K` from ten thousand on. */
export function formatCount(count: number, language: string): string {
  const options: Intl.NumberFormatOptions =
    count < COMPACT_FROM ? {} : { notation: 'compact', maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language, options).format(count);
}

/** `97%`, rounded down: what is not perfect does not look so. */
export function formatPercent(share: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent' }).format(Math.floor(share * 100) / 100);
}

/** `12 min` or `1 hr 5 min`, in the words of the language; at least one minute. */
export function formatDuration(ms: number, language: string): string {
  const minutes = Math.max(1, Math.floor(ms / MINUTE_MS));
  const hours = Math.floor(minutes / MINUTES_PER_HOUR);
  const parts = [unit(minutes % MINUTES_PER_HOUR, 'minute', language)];
  if (hours > 0) parts.unshift(unit(hours, 'hour', language));
  return parts.join(' ');
}

/** As `formatDuration`, for a clock that runs: `< 1 min` in the first minute. */
export function formatElapsed(ms: number, language: string): string {
  return ms < MINUTE_MS ? `< ${unit(1, 'minute', language)}` : formatDuration(ms, language);
}

/** `38 ms`; a percent sign follows the habits of the language. */
export function formatMeasure(value: number, unitName: 's' | 'ms' | '%', digits: number, language: string): string {
  const options: Intl.NumberFormatOptions = { maximumFractionDigits: digits };
  if (unitName === '%')
    return new Intl.NumberFormat(language, { ...options, style: 'unit', unit: 'percent' }).format(value);
  return `${new Intl.NumberFormat(language, options).format(value)}\u00a0${unitName}`;
}

function unit(value: number, name: 'hour' | 'minute', language: string): string {
  return new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
}

/** The name of a language in another: `French`, `français`. */
export function formatLanguage(tag: string, language: string): string {
  const name = new Intl.DisplayNames([language], { type: 'language' }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

/** `November 26, 2026`. */
export function formatDate(epochMs: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(epochMs);
}

export function formatList(names: readonly string[], language: string): string {
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(names.map(isolate));
}
