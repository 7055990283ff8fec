import type { RoomInfo } from '@tribune/shared/domain.ts';

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
    with: 'with',
    app: 'Live audio rooms: listen in a browser.',
  },
  fr: {
    ...{ live: 'En direct', backstage: 'Commence bientôt', ended: 'Terminé', with: 'avec' },
    app: 'Des salons audio en direct, à écouter dans le navigateur.',
  },
} as const;

/** What a link to a room shows before it is opened: where it stands, and who leads it. */
export function headlineOf({ phase, host, language }: Pick<RoomInfo, 'phase' | 'host' | 'language'>): string {
  const words = WORDS[language === 'fr' ? 'fr' : 'en'];
  return `${words[phase]} · ${words.with} ${host.name}`;
}

/** Says to the page below which path it is: its own addresses and routes begin there. */
export function baseTag(basePath: string): string {
  return `<base href="${escapeText(basePath)}/" />`;
}

/**
 * Tags of the Open Graph protocol for the page of a room; of the site alone where there is no room to tell of.
 * @param siteUrl under which the page was asked for, without a slash at its end; null where that is not known
 */
export function previewTags(room: RoomInfo | null, siteUrl: string | null): string {
  const image = !siteUrl ? null : room ? `${siteUrl}/r/${room.id}/preview.png` : `${siteUrl}/icon-512.png`;
  const headline = room ? headlineOf(room) : WORDS.en.app;
  const description = room?.description ? `${headline}. ${room.description}`.slice(0, DESCRIPTION_LENGTH) : headline;
  const tags: [name: string, content: string | number | null][] = [
    ['og:site_name', 'Tribune'],
    ['og:type', 'website'],
    ['og:title', room?.title ?? 'Tribune'],
    ['og:description', description.toWellFormed()],
    ['og:url', siteUrl && room ? `${siteUrl}/r/${room.id}` : null],
    ['og:image', image],
    ['og:image:alt', room && image ? `${room.title}. ${headline}` : null],
    ['og:image:width', room && image ? IMAGE_SIZE.width : null],
    ['og:image:height', room && image ? IMAGE_SIZE.height : null],
  ];
  const card = `<meta name="twitter:card" content="${room ? 'summary_large_image' : 'summary'}" />`;
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
