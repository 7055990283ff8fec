import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';

export type { Logger };

/** A reader that stalls is not waited for: what is more than this is dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** A log that could not be written, as on a full disk, is tried again after so long. */
const RETRY_MS = 1000;

/** Structured logs on standard error: lines for a person at a terminal, JSON for a machine. */
export function createLogger({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>): Logger {
  const options = { level: LOG_LEVEL, base: null };
  if (!process.stderr.isTTY) return pino(options, openLog());
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' },
    },
  });
}

/**
 * Standard error, in the background. A log that cannot be written (its reader is gone, its disk is full) loses lines and nothing else:
 * pino's own destination would try for ever, and keep the process from ending.
 */
function openLog(): Writable {
  const open = () => createWriteStream('', { fd: 2, autoClose: false }).on('error', () => undefined);
  let stream = open();
  let openedAtMs = performance.now();
  return new Writable({
    write: (line, _encoding, done) => {
      if (stream.errored && performance.now() - openedAtMs > RETRY_MS) {
        stream = open();
        openedAtMs = performance.now();
      }
      if (!stream.errored && stream.writableLength < MAX_WAITING_BYTES) stream.write(line);
      done();
    },
  });
}
