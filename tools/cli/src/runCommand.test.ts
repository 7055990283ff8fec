import { describe, expect, it } from 'vitest';
import { defineCommand } from './Command.ts';
import { whole } from './parsers.ts';
import { runCommand } from './runCommand.ts';
import { UsageError } from './UsageError.ts';

const command = defineCommand({
  name: 'npm run example --',
  description: 'Counts.',
  options: { count: { value: 'N', parse: whole(0, 9), default: 4, help: 'how far' } },
});

/** Runs the command and collects what it printed. */
async function run(args: readonly string[], main: () => never) {
  const printed: string[] = [];
  const print = (text: unknown) => void printed.push(String(text));
  const code = await runCommand(command, args, async () => main(), { log: print, error: print });
  return { code, text: printed.join('\n') };
}

describe('running a command', () => {
  it('ends with the code of the command', async () => {
    expect(await runCommand(command, ['--count', '7'], async ({ count }) => count)).toBe(7);
  });

  it('prints the help and ends with 0', async () => {
    const { code, text } = await run(['--help'], () => expect.unreachable());
    expect(code).toBe(0);
    expect(text).toContain('Usage: npm run example -- [options]');
  });

  it('ends with 2 and one sentence when the command line makes no sense', async () => {
    const { code, text } = await run(['--count', 'ten'], () => expect.unreachable());
    expect(code).toBe(2);
    expect(text).toBe('--count has to be a whole number from 0 to 9\n\nSee: npm run example -- --help');
  });

  it('ends with 2 when the command finds that its options contradict each other', async () => {
    const { code } = await run([], () => {
      throw new UsageError('--count and --sum cannot be used together');
    });
    expect(code).toBe(2);
  });

  it('ends with 1 when the command throws', async () => {
    const { code, text } = await run([], () => {
      throw new Error('out of numbers');
    });
    expect(code).toBe(1);
    expect(text).toContain('out of numbers');
  });

  it('ends with 130 when a signal ended the command', async () => {
    const ended = runCommand(command, [], (_, signal) => {
      const aborted = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
      process.emit('SIGTERM');
      return aborted;
    });
    expect(await ended).toBe(130);
  });
});
