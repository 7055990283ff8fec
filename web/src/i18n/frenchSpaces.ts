const NO_BREAK = '\u00a0';
const NARROW_NO_BREAK = '\u202f';

/** A text with the spaces of French typography: unbreakable before `:` and inside « », narrow before `;`, `?` and `!`. */
export function frenchSpaces(text: string): string {
  return text
    .replaceAll(' :', `${NO_BREAK}:`)
    .replace(/ ([;?!])/g, `${NARROW_NO_BREAK}$1`)
    .replaceAll('« ', `«${NO_BREAK}`)
    .replaceAll(' »', `${NO_BREAK}»`);
}

export function withFrenchSpaces<T extends object>(messages: T): T {
  const entries = Object.entries(messages).map(([key, value]: [string, unknown]) => [key, typeset(value)]);
  return Object.fromEntries(entries) as T;
}

function typeset(value: unknown): unknown {
  if (typeof value === 'string') return frenchSpaces(value);
  return typeof value === 'object' && value !== null ? withFrenchSpaces(value) : value;
}
