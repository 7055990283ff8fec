import { parseArgs } from 'node:util';
import { z } from 'zod';

/** A command line that makes no sense; the message says what does. */
export class UsageError extends Error {}

const MAX_NODES = 9;

const numbers = z.object({
  nodes: z.coerce.number().int().min(1).max(MAX_NODES),
  port: z.coerce.number().int().min(1024).max(65_000),
  listeners: z.coerce.number().int().min(3).max(2000),
});

export type Numbers = z.output<typeof numbers>;

type Flags = Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>;

/**
 * Reads a command line of this folder.
 * @param defaults of the numbers that the command has
 * @param flags what else it takes
 * @throws {UsageError}
 */
export function readCommandLine<N extends Partial<Numbers>>(args: readonly string[], defaults: N, flags: Flags = {}) {
  const options: Flags = { ...flags, help: { type: 'boolean', short: 'h' } };
  for (const name of Object.keys(defaults)) options[name] = { type: 'string' };
  try {
    const { values } = parseArgs({ args: [...args], options });
    const given = numbers.partial().safeParse({ ...defaults, ...values });
    if (!given.success) {
      const { path, message } = given.error.issues[0]!;
      throw new UsageError(`--${path.join('.')}: ${message}`);
    }
    return { values, numbers: given.data as { [K in keyof N & keyof Numbers]: number } };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}
