import { describe, expect, it } from 'vitest';
import { defineCommand } from './Command.ts';
import { oneOf, text, whole } from './parsers.ts';
import { UsageError } from './UsageError.ts';

const command = defineCommand({
  name: 'npm run example --',
  description: 'Shows what a command line can be.',
  options: {
    listeners: { value: 'N', parse: whole(1, 9), default: 3, help: 'people who come' },
    delivery: { value: 'KIND', parse: oneOf(['mix', 'direct']), help: 'what they hear' },
    assert: { value: 'CONDITION', parse: text(), repeatable: true, help: 'has to hold' },
    openMics: { value: 'N', parse: whole(1, 9), default: 1, defaultText: 'all', help: 'speakers who speak' },
    quick: { help: 'a small run' },
  },
  notes: 'Exit code: 0 or 1.',
});

describe('a command line', () => {
  it('has its defaults when nothing is given', () => {
    const nothing = { listeners: 3, assert: [], openMics: 1, quick: false };
    expect(command.parse([])).toEqual(nothing);
  });

  it('has values as they were parsed', () => {
    const args = ['--listeners', '5', '--delivery=mix', '--open-mics', '2', '--quick'];
    expect(command.parse(args)).toEqual({ listeners: 5, delivery: 'mix', assert: [], openMics: 2, quick: true });
  });

  it('keeps each value of an option that can be given several times, and forgets them before the next reading', () => {
    const args = ['--assert', 'a<1', '--assert', 'b<2'];
    expect(command.parse(args)?.assert).toEqual(['a<1', 'b<2']);
    expect(command.parse(args)?.assert).toEqual(['a<1', 'b<2']);
  });

  it.each([
    [['--listeners', '0'], '--listeners has to be a whole number from 1 to 9'],
    [['--listeners'], "option '--listeners <N>' argument missing"],
    [['--listeners', '--quick'], '--listeners needs a value: --listeners N'],
    [['--loudness', '3'], "unknown option '--loudness'"],
    [['--listener', '3'], "unknown option '--listener' (Did you mean --listeners?)"],
    [['listeners'], "unknown argument 'listeners'"],
  ])('%j is refused in one sentence', (args, message) => {
    expect(() => command.parse(args)).toThrow(new UsageError(message));
  });

  it('takes words without an option where it says so, in their order, and those that look like options after --', () => {
    const options = {
      words: { value: 'VERB [ID]', parse: text(), repeatable: true, positional: true, help: 'what to do' },
    } as const;
    const { parse, help } = defineCommand({
      name: 'example',
      description: '',
      options: { ...options, quick: { help: '' } },
    });
    expect(help).toContain('Usage: example [options] VERB [ID]');
    expect(parse([])).toEqual({ words: [], quick: false });
    expect(parse(['end', '--quick', '--', '-id'])).toEqual({ words: ['end', '-id'], quick: true });
  });

  it.each(['--help', '-h'])('gives null for %s', (flag) => {
    expect(command.parse(['--quick', flag])).toBeNull();
  });

  it('has a help that names every option, its value and its default', () => {
    expect(command.help).toContain('Usage: npm run example -- [options]');
    expect(command.help).toMatch(/--listeners <N> +people who come \(default: 3\)/);
    expect(command.help).toMatch(/--open-mics <N> +speakers who speak \(default: all\)/);
    expect(command.help).toMatch(/--quick +a small run\n/);
    expect(command.help.trimEnd()).toMatch(/Exit code: 0 or 1\.$/);
  });
});
