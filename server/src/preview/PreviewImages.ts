import { fileURLToPath } from 'node:url';
import { renderAsync } from '@resvg/resvg-js';
import { LRUCache } from 'lru-cache';
import { escapeText, headlineOf, IMAGE_SIZE, type Previewed } from './previewTags.ts';

/** Some 50 kB each. */
const KEPT = 200;
/** Each takes a thread for a tenth of a second. */
const DRAWN_AT_ONCE = 2;
const WAITING = 20;
const LINES = 3;
const LINE_LENGTH = 24;
const LINE_HEIGHT = 92;
const FONTS = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
);
/** What DejaVu has. For other scripts the fonts of the machine are looked through, which takes longer. */
const DRAWABLE =
  /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Common}\p{Script=Inherited}]*$/u;

type Drawn = Pick<Previewed, 'title' | 'kind' | 'host' | 'language'>;

/** The pictures of links: drawn when they are asked for, kept while what they lead to looks the same, and few at once. */
export class PreviewImages {
  readonly #kept = new LRUCache<string, Buffer>({ max: KEPT });
  readonly #drawing = new Map<string, Promise<Buffer>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Null while too many others are being drawn. */
  async draw(page: Drawn): Promise<Buffer | null> {
    const svg = drawSvg(page);
    const kept = this.#kept.get(svg);
    if (kept) return kept;
    const known = this.#drawing.get(svg);
    if (known) return known;
    if (this.#waiting.length >= WAITING) return null;
    const drawing = this.#render(svg).finally(() => this.#drawing.delete(svg));
    this.#drawing.set(svg, drawing);
    return drawing;
  }

  async #render(svg: string): Promise<Buffer> {
    if (this.#running >= DRAWN_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      const font = { fontFiles: FONTS, defaultFontFamily: 'DejaVu Sans', loadSystemFonts: !DRAWABLE.test(svg) };
      const png = Buffer.from((await renderAsync(svg, { font })).asPng());
      this.#kept.set(svg, png);
      return png;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

function drawSvg({ title, kind, host, language }: Drawn): string {
  const { width, height } = IMAGE_SIZE;
  const lines = wrap(withoutPictures(title));
  const top = 330 - ((lines.length - 1) * LINE_HEIGHT) / 2;
  const text = (y: number, size: number, weight: string, color: string, content: string) =>
    `<text x="80" y="${y}" font-family="DejaVu Sans" font-size="${size}" font-weight="${weight}" fill="${color}">${escapeText(content)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`,
    `<rect width="${width}" height="${height}" fill="#1b1118"/>`,
    `<rect width="16" height="${height}" fill="${kind === 'live' ? '#e5484d' : '#8e6c86'}"/>`,
    text(120, 40, 'bold', '#c9a9bf', 'Tribune'),
    ...lines.map((line, index) => text(top + index * LINE_HEIGHT, 72, 'bold', '#fbf5f2', line)),
    text(560, 40, 'normal', '#e7d9e2', shorten(withoutPictures(headlineOf({ kind, host, language })), 46)),
    '</svg>',
  ].join('');
}

/** Fonts of text have none. */
function withoutPictures(text: string): string {
  return text.replaceAll(/\p{Extended_Pictographic}(?:\ufe0f|\u200d)*/gu, '').trim();
}

function wrap(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line && line.length + word.length >= LINE_LENGTH) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  const shown = lines.slice(0, LINES).map((line) => shorten(line, LINE_LENGTH + 4));
  if (lines.length > LINES) shown[LINES - 1] = `${shown[LINES - 1]!.slice(0, LINE_LENGTH)}…`;
  return shown;
}

function shorten(text: string, length: number): string {
  const signs = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  return signs.length > length ? `${signs.slice(0, length - 1).join('')}…` : text;
}
