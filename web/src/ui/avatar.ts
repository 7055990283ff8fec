/** Rose through ember and gold to sage: hues that sit well beside each other, as far apart as a crowd needs. */
const HUES = [350, 8, 24, 42, 58, 74, 95, 128, 158, 318, 300, 212] as const;

/** The same person has the same colour everywhere. */
export function hueOf(userId: string): number {
  // FNV-1a, then a last mix: ids that differ in one letter should not look alike.
  let hash = 0x811c9dc5;
  for (const char of userId) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = (hash ^ (hash >>> 13)) >>> 0;
  return HUES[hash % HUES.length] ?? HUES[0];
}

/** First letters of the first and the last word, by grapheme, so that no emoji or accent is cut in two. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return ends
    .map((word = '') => [...segmenter.segment(word)][0]?.segment ?? '')
    .join('')
    .toLocaleUpperCase();
}
