import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from '../options.ts';
import type { JoinOptions } from './joinRun.ts';

const USAGE = '--join is used with --key KEY (or LOADTEST_KEY), and may have --processes N and --i-own-this-host';

/**
 * Of a command that lends this machine to a run.
 * @returns null for any other
 * @throws {UsageError}
 */
export function parseJoin(args: readonly string[]): JoinOptions | null {
  if (!args.some((arg) => arg === '--join' || arg.startsWith('--join='))) return null;
  const { join = '', key = process.env.LOADTEST_KEY ?? '', processes, 'i-own-this-host': ownHost = false } = read(args);
  const [, host, port] = /^(?:\[(?=.*\]))?([^\s[\]]+?)\]?:(\d{1,5})$/.exec(join) ?? [];
  if (host === undefined || Number(port) > 65_535) throw new UsageError('--join has to be like host:port');
  if (key === '') throw new UsageError(USAGE);
  const count = processes === undefined ? Math.max(1, availableParallelism() - 1) : Number(processes);
  if (!(Number.isInteger(count) && count >= 1 && count <= 64))
    throw new UsageError('--processes has to be a whole number from 1 to 64');
  return { host, port: Number(port), key, processes: count, ownHost };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        join: { type: 'string' },
        key: { type: 'string' },
        processes: { type: 'string' },
        'i-own-this-host': { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}
