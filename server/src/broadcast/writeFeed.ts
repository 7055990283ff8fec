import { createHash } from 'node:crypto';
import type { Person } from '@tribune/shared/domain.ts';
import { escapeText } from '../preview/previewTags.ts';

/** Of podcasts that are named by the address of their feed (podcastindex.org, "guid"). */
const PODCAST_NAMESPACE = 'ead4c236-bf58-58c6-a2c6-a6b28d128cb6';

export interface FeedItem {
  readonly id: string;
  readonly title: string;
  /** Unix time in ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly host: Person;
  readonly guests: readonly Person[];
  readonly page: string;
  readonly audio: string;
  readonly audioBytes: number;
  readonly ogg: string;
  /** Null where there are none. */
  readonly chapters: string | null;
}

export interface Feed {
  readonly host: Person;
  readonly language: string | null;
  /** Where the feed is, the site and its picture. */
  readonly url: string;
  readonly site: string;
  readonly image: string;
  readonly items: readonly FeedItem[];
}

/** A podcast: RSS 2.0 with the tags of iTunes, and those of Podcasting 2.0 for people and chapters. */
export function writeFeed({ host, language, url, site, image, items }: Feed): string {
  const about = `Live audio rooms of ${host.name}.`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0">',
    '<channel>',
    tag('title', host.name),
    tag('link', site),
    empty('atom:link', { href: url, rel: 'self', type: 'application/rss+xml' }),
    tag('description', about),
    tag('language', language ?? 'en'),
    tag('generator', 'Tribune'),
    tag('itunes:author', host.name),
    tag('itunes:explicit', 'false'),
    empty('itunes:category', { text: 'Society & Culture' }),
    empty('itunes:image', { href: image }),
    `<image>${tag('url', image)}${tag('title', host.name)}${tag('link', site)}</image>`,
    tag('podcast:guid', guidOf(url)),
    tag('podcast:medium', 'podcast'),
    ...items.map(writeItem),
    '</channel>',
    '</rss>',
    '',
  ].join('\n');
}

function writeItem(item: FeedItem): string {
  const { id, title, startedAt, durationMs, host, guests, page, audio, audioBytes, ogg, chapters } = item;
  const people = [host, ...guests].map(({ name }) => name).join(', ');
  return [
    '<item>',
    tag('title', title),
    tag('link', page),
    tag('guid', id, { isPermaLink: 'false' }),
    tag('pubDate', new Date(startedAt).toUTCString()),
    tag('description', `${title}. ${people}`),
    empty('enclosure', { url: audio, length: String(audioBytes), type: 'audio/mp4' }),
    tag('itunes:duration', String(Math.round(durationMs / 1000))),
    tag('itunes:author', host.name),
    tag('itunes:explicit', 'false'),
    tag('podcast:person', host.name, { role: 'host' }),
    ...guests.map(({ name }) => tag('podcast:person', name, { role: 'guest' })),
    ...(chapters ? [empty('podcast:chapters', { url: chapters, type: 'application/json+chapters' })] : []),
    `<podcast:alternateEnclosure type="audio/ogg" title="Ogg">${empty('podcast:source', { uri: ogg })}</podcast:alternateEnclosure>`,
    '</item>',
  ].join('\n');
}

function tag(name: string, content: string, attributes: Readonly<Record<string, string>> = {}): string {
  return `<${name}${written(attributes)}>${escapeText(readable(content))}</${name}>`;
}

function empty(name: string, attributes: Readonly<Record<string, string>>): string {
  return `<${name}${written(attributes)}/>`;
}

function written(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeText(readable(value))}"`)
    .join('');
}

/** What XML 1.0 has no way to write is left out. */
function readable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.toWellFormed().replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
}

/** A UUID of version 5 (RFC 9562), of the address without its scheme. */
function guidOf(url: string): string {
  const name = url.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const hash = createHash('sha1')
    .update(Buffer.from(PODCAST_NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
