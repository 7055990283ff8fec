// What the commands of this folder have in common: how they are told to end, and how they say that they failed.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Thrown out of whatever was going on when the person asked to stop. */
class Stopped extends Error {}

/**
 * Turns the first signal that asks this process to end into an abort. Further ones change nothing: a Ctrl-C under npm
 * arrives twice, once from the terminal and once passed on by npm. The end of a parent with a channel to this process, such as a
 * test, is an abort too.
 *
 * @returns {AbortSignal}
 */
export function abortOnSignals() {
  const controller = new AbortController();
  for (const name of [...SIGNALS, 'disconnect']) process.on(name, () => controller.abort(new Stopped(name)));
  return controller.signal;
}

/** Ends a command that failed: with the message and 1, or quietly when it was asked to stop. */
export function fail(error) {
  if (error instanceof Stopped) process.exit(130);
  console.error(`\n${error.message}`);
  process.exit(1);
}
