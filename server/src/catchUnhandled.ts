import type { Logger } from './logger.ts';

/** Each fault is counted, and one of a kind is logged per second: a log that cannot be written, as on a full disk, is a fault too. */
const LOG_EVERY_MS = 1000;

interface UnhandledOptions {
  readonly logger: Logger;
  readonly count: (kind: 'rejection' | 'exception') => void;
}

/**
 * From here on the process outlives a promise that is rejected, and an exception that is thrown, where no code catches it.
 *
 * That is safe for a rejection, which Node ends a process for only by default. It is the lesser evil for an exception. What it may
 * leave half changed is the state of one room or one socket: rooms are compared each second with what Redis has and put right,
 * clients reconnect. To end instead would take the sound from everyone on this node for as long as they need to come to
 * another, and a request that can do it once can do it to the next node as well. So that a fault is not forgotten, it is counted, and an
 * alert is raised for it.
 */
export function catchUnhandled({ logger, count }: UnhandledOptions): void {
  const handle = (kind: 'rejection' | 'exception', message: string) => {
    let loggedAtMs = -Infinity;
    return (error: unknown) => {
      count(kind);
      if (performance.now() - loggedAtMs < LOG_EVERY_MS) return;
      loggedAtMs = performance.now();
      logger.error({ err: error }, message);
    };
  };
  process.on('unhandledRejection', handle('rejection', 'A promise was rejected, and no code caught it'));
  process.on('uncaughtException', handle('exception', 'An exception was thrown, and no code caught it'));
}
