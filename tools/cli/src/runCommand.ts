import type { Command, OptionSpecs, OptionValues } from './Command.ts';
import { UsageError } from './UsageError.ts';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

/** Where the text goes; the console by default. */
export interface Output {
  log(text: string): void;
  error(text: unknown): void;
}

/**
 * Runs a command and answers with its exit code: 2 and a sentence when the command line makes no sense, 130 when a signal
 * ended it, 1 when it threw anything else.
 * @param main gets the options, and a signal that is aborted by Ctrl-C, SIGTERM or SIGHUP
 */
export async function runCommand<S extends OptionSpecs>(
  command: Command<S>,
  args: readonly string[],
  main: (options: OptionValues<S>, signal: AbortSignal) => Promise<number>,
  output: Output = console,
): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  try {
    const options = command.parse(args);
    if (!options) {
      output.log(command.help.trimEnd());
      return 0;
    }
    // Further signals change nothing: a Ctrl-C under npm arrives twice.
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
    return await main(options, interruption.signal);
  } catch (error) {
    if (interruption.signal.aborted) return EXIT_INTERRUPTED;
    if (!(error instanceof UsageError)) {
      output.error(error);
      return EXIT_FAILED;
    }
    output.error(`${error.message}\n\nSee: ${command.name} --help`);
    return EXIT_USAGE;
  }
}
