/** A letter that is written from right to left, or a character that changes the direction of what follows. */
const TURNS =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * Keeps what people have written from turning the sentence around it: a Hebrew name in an English sentence is read from right to left,
 * and the rest stays in its place. Text that turns nothing is left as it is.
 */
export function isolate(text: string): string {
  return TURNS.test(text) ? `\u2068${text}\u2069` : text;
}
