import { parseArgs } from 'node:util';
import { LIMITS } from '@tribune/shared/domain.ts';
import { z } from 'zod';

const MAX_LISTENERS = 5000;
const MAX_RATE = 1000;
const MAX_DURATION_S = 3600;

export const HELP = `Simulated listeners for a Tribune server: real tickets, sockets, ICE, DTLS and SRTP.

  npm run loadtest -- [options]

  --url URL            the server                                    (http://localhost:3000)
  --listeners N        people who listen, 1 to ${MAX_LISTENERS}                  (50)
  --speakers N         people who speak, the host included, 1 to ${LIMITS.maxSpeakers}  (1)
  --rate N             listeners who arrive per second               (20)
  --duration S         seconds measured once everyone is in          (10)
  --json FILE          write the report there too
  --i-own-this-host    allow a server that is not on this machine
  --help               this text

Creates a room, goes live, lets speakers say recorded speech, listeners arrive, and counts what they receive.
Exit code: 0 when every listener joined and heard the speakers, 1 when any did not, 2 for wrong options, 130 after Ctrl-C.`;

export interface LoadTestOptions {
  /** Origin of the server. */
  readonly url: string;
  readonly listeners: number;
  /** The host included. */
  readonly speakers: number;
  /** Arrivals per second, evenly spaced. */
  readonly rate: number;
  /** Length of the steady window in seconds, from when everyone is in. */
  readonly durationS: number;
  /** The caller vouches for a host that is not this machine. */
  readonly ownHost: boolean;
}

export interface CommandLine {
  readonly options: LoadTestOptions;
  readonly jsonFile: string | null;
}

/** What is wrong with the command line, in words for whoever typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const values = z.object({
  url: z
    .url({ protocol: /^https?$/, error: 'has to be an http or https URL' })
    .transform((url) => new URL(url).origin)
    .default('http://localhost:3000'),
  listeners: whole(1, MAX_LISTENERS).default(50),
  speakers: whole(1, LIMITS.maxSpeakers).default(1),
  rate: positive(MAX_RATE).default(20),
  duration: positive(MAX_DURATION_S).default(10),
  json: z.string().min(1, 'has to name a file').optional(),
  'i-own-this-host': z.boolean().default(false),
});

/**
 * @param args without the names of node and script
 * @returns null when help was asked for
 * @throws {UsageError}
 */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const given = read(args);
  if (given.help) return null;
  const parsed = values.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`);
    throw new UsageError(faults.join('\n'));
  }
  const { url, listeners, speakers, rate, duration, json } = parsed.data;
  const options = { url, listeners, speakers, rate, durationS: duration, ownHost: parsed.data['i-own-this-host'] };
  return { options, jsonFile: json ?? null };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        url: { type: 'string' },
        listeners: { type: 'string' },
        speakers: { type: 'string' },
        rate: { type: 'string' },
        duration: { type: 'string' },
        json: { type: 'string' },
        'i-own-this-host': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(min: number, max: number) {
  const message = `has to be a whole number from ${min} to ${max}`;
  return number(message).pipe(z.int(message).min(min, message).max(max, message));
}

function positive(max: number) {
  const message = `has to be a number above 0, at most ${max}`;
  return number(message).pipe(z.number(message).gt(0, message).max(max, message));
}

/** Digits as people write them: no hexadecimal, and no empty text that counts as 0. */
function number(message: string) {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, message)
    .transform(Number);
}
