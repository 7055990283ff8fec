import type { Person, Phase } from '@tribune/shared/domain.ts';

/** Stands in the head of index.html, where the tags of a room go. nginx reads it as a directive of its own (SSI). */
export const PREVIEW_MARK = '<!--# include virtual="/preview$preview_path" -->';
/** Stands there too, before every address in the page. nginx puts its BASE_PATH into it. */
export const BASE_TAG = '<base href="/" />';
export const IMAGE_SIZE = { width: 1200, height: 630 } as const;
const DESCRIPTION_LENGTH = 200;

const WORDS = {
  en: {
    live: 'Live now',
    backstage: 'Starts soon',
    ended: 'Has ended',
    recording: 'Recording',
    clip: 'Clip',
    with: 'with',
    app: 'Live audio rooms: listen in a browser.',
  },
  fr: {
    ...{ live: 'En direct', backstage: 'Commence bientôt', ended: 'Terminé', with: 'avec' },
    ...{ recording: 'Enregistrement', clip: 'Extrait' },
    app: 'Des salons audio en direct, à écouter dans le navigateur.',
  },
} as const;

/** What a link leads to. */
export interface Previewed {
  readonly kind: Phase | 'recording' | 'clip';
  /** Of the page. */
  readonly path: string;
  readonly title: string;
  readonly host: Person;
  readonly language: string | null;
  readonly description?: string | null;
  /** Path of an MP4 file, which a chat may play in place. */
  readonly audio?: string;
}

/** What a link shows before it is opened: what it leads to, where that stands, and who leads it. */
export function headlineOf({ kind, host, language }: Pick<Previewed, 'kind' | 'host' | 'language'>): string {
  const words = WORDS[language === 'fr' ? 'fr' : 'en'];
  return `${words[kind]} · ${words.with} ${host.name}`;
}

/** Says to the page below which path it is: its own addresses and routes begin there. */
export function baseTag(basePath: string): string {
  return `<base href="${escapeText(basePath)}/" />`;
}

/**
 * Tags of the Open Graph protocol for the page of a room, of its recording or of a clip; of the site alone where there is none.
 * @param siteUrl under which the page was asked for, without a slash at its end; null where that is not known
 */
export function previewTags(page: Previewed | null, siteUrl: string | null): string {
  const image = !siteUrl ? null : page ? `${siteUrl}${page.path}/preview.png` : `${siteUrl}/icon-512.png`;
  const headline = page ? headlineOf(page) : WORDS.en.app;
  const description = page?.description ? `${headline}. ${page.description}`.slice(0, DESCRIPTION_LENGTH) : headline;
  const tags: [name: string, content: string | number | null][] = [
    ['og:site_name', 'Tribune'],
    ['og:type', 'website'],
    ['og:title', page?.title ?? 'Tribune'],
    ['og:description', description.toWellFormed()],
    ['og:url', siteUrl && page ? siteUrl + page.path : null],
    ['og:image', image],
    ['og:image:alt', page && image ? `${page.title}. ${headline}` : null],
    ['og:image:width', page && image ? IMAGE_SIZE.width : null],
    ['og:image:height', page && image ? IMAGE_SIZE.height : null],
    ['og:audio', siteUrl && page?.audio ? siteUrl + page.audio : null],
    ['og:audio:type', siteUrl && page?.audio ? 'audio/mp4' : null],
  ];
  const card = `<meta name="twitter:card" content="${page ? 'summary_large_image' : 'summary'}" />`;
  return [...tags.flatMap(([name, content]) => (content === null ? [] : metaOf(name, String(content)))), card].join(
    '\n    ',
  );
}

/** Text as HTML and XML have it, within an attribute or without. */
export function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function metaOf(property: string, content: string): string {
  return `<meta property="${property}" content="${escapeText(content)}" />`;
}
