import type { z } from 'zod';
import { UsageError } from './UsageError.ts';

/**
 * Reads the text of an option.
 * @throws {UsageError} whose message goes on from the name of the option: `has to be a whole number from 1 to 9`
 */
export type Parser<T> = (text: string) => T;

const DECIMAL = /^-?\d+(\.\d+)?$/;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
const SECONDS_OF_UNIT = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): Parser<number> {
  const message = `has to be a whole number from ${min} to ${max}`;
  return (given) => {
    const value = decimal(given, message);
    return check(value, Number.isInteger(value) && value >= min && value <= max, message);
  };
}

/** A number from `min` to `max`. */
export function number(min: number, max: number): Parser<number> {
  const message = `has to be a number from ${min} to ${max}`;
  return (given) => {
    const value = decimal(given, message);
    return check(value, value >= min && value <= max, message);
  };
}

/** A number above 0. */
export function positive(max: number): Parser<number> {
  const message = `has to be a number above 0, at most ${max}`;
  return (given) => {
    const value = decimal(given, message);
    return check(value, value > 0 && value <= max, message);
  };
}

/** A time above 0 such as `90`, `90s`, `1.5m`, `2h` or `500ms`, in seconds. A number alone is seconds. */
export function duration(maxS: number): Parser<number> {
  const message = `has to be a duration such as 90, 90s, 5m or 500ms, above 0 and at most ${maxS}s`;
  return (given) => {
    const [, amount, unit = 's'] = DURATION.exec(given) ?? [];
    const valueS = Number(amount) * SECONDS_OF_UNIT[unit as keyof typeof SECONDS_OF_UNIT];
    return check(valueS, valueS > 0 && valueS <= maxS, message);
  };
}

/** One of the choices. */
export function oneOf<const T extends string>(choices: readonly T[]): Parser<T> {
  return (given) => check(given as T, choices.includes(given as T), `has to be one of ${choices.join(', ')}`);
}

/** Some of the choices, separated by commas. The result is in the order of the choices, each of them once. */
export function listOf<const T extends string>(choices: readonly T[]): Parser<readonly T[]> {
  return (given) => {
    const wanted = given.split(',').map((part) => part.trim());
    const unknown = wanted.filter((part) => !choices.includes(part as T));
    const chosen = choices.filter((choice) => wanted.includes(choice));
    return check(chosen, unknown.length === 0, `has no ${unknown.join(', ')}: it takes ${choices.join(', ')}`);
  };
}

/** Any text of `minLength` characters or more, such as the name of a file. */
export function text(minLength = 1): Parser<string> {
  const message = minLength === 1 ? 'has to have a value' : `has to have ${minLength} characters or more`;
  return (given) => check(given, given.length >= minLength, message);
}

/** Whatever a zod schema accepts. Its messages have to go on from the name of the option. */
export function matching<T>(schema: z.ZodType<T>): Parser<T> {
  return (given) => {
    const result = schema.safeParse(given);
    if (result.success) return result.data;
    throw new UsageError(result.error.issues[0]!.message);
  };
}

/** Digits as people write them: no hexadecimal, and no empty text that counts as 0. */
function decimal(given: string, message: string): number {
  return check(Number(given), DECIMAL.test(given), message);
}

function check<T>(value: T, isGood: boolean, message: string): T {
  if (!isGood) throw new UsageError(message);
  return value;
}
