/** What people type, made safe to show to others without taking anything away that a language or an emoji needs. */

/** Scripts in which a joiner between two letters changes nothing that can be seen, so that it only makes two names look alike. */
const JOINED = String.raw`[[\p{L}\p{M}]--[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]]`;

/** Invisible characters that belong where they stand. */
const KEPT = [
  // Flags of parts of a country.
  String.raw`\u{1F3F4}[\u{E0020}-\u{E007E}]+\u{E007F}`,
  // Spelling in Persian and in the scripts of India; at the end of a word in Malayalam.
  String.raw`(?<=${JOINED})[\u200C\u200D](?=${JOINED})`,
  String.raw`(?<=[\p{Script=Malayalam}&&\p{M}])\u200D`,
  // Emoji made of several.
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})`,
  // The form of the character before: a picture, or one way to write a name in Han.
  String.raw`(?<=[\p{L}\p{N}\p{S}\p{P}])[\uFE0E\uFE0F\u{E0100}-\u{E01EF}]`,
].join('|');

/** Format characters (overrides of direction among them), characters without width, and halves of characters. */
const INVISIBLE = new RegExp(String.raw`(${KEPT})|[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}]`, 'gv');

/** More marks on one letter than any script in use has spill over the lines around. */
const MARKS = /(?<few>[\p{Mn}\p{Me}]{4})[\p{Mn}\p{Me}]+/gu;

const VISIBLE = /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** One line: trimmed, white space folded, nothing that only a machine sees. */
export function cleanLine(text: string): string {
  return clean(text)
    .replace(/[\p{Cc}\s\u2800]+/gu, ' ')
    .trim();
}

/** Several lines: trimmed, no control characters but the line feed. */
export function cleanText(text: string): string {
  return clean(text)
    .replace(/[\u2800]|[^\P{Cc}\n]+/gu, ' ')
    .trim();
}

/** Is there anything in it that a person can see? */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}

function clean(text: string): string {
  return text.normalize('NFC').replace(INVISIBLE, '$1').replace(MARKS, '$<few>');
}
