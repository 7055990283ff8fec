import { defineCommand, text, UsageError, type ValuesOf } from '@tribune/cli';
import { SHARED_OPTIONS } from '../options.ts';
import { address } from '../optionValues.ts';
import type { JoinOptions } from './joinRun.ts';

/** Lends this machine to a run that another one coordinates. */
export const JOIN_COMMAND = defineCommand({
  name: 'npm run loadtest --',
  description: 'Lends this machine to a run that another one coordinates.',
  options: {
    join: { value: 'HOST:PORT', parse: address(), help: 'where the run is coordinated' },
    key: { value: 'KEY', parse: text(), help: 'the key that the run has told; or LOADTEST_KEY' },
    ...SHARED_OPTIONS,
  },
});

/** Is this a command that lends this machine? */
export function isJoin(args: readonly string[]): boolean {
  return args.some((arg) => arg === '--join' || arg.startsWith('--join='));
}

/** @throws {UsageError} when there is no key */
export function joinOptionsOf({ join, key, processes, iOwnThisHost }: ValuesOf<typeof JOIN_COMMAND>): JoinOptions {
  const known = key ?? process.env.LOADTEST_KEY ?? '';
  if (!join || known === '') throw new UsageError('--join is used with --key KEY or LOADTEST_KEY');
  return { ...join, key: known, processes, ownHost: iOwnThisHost };
}
