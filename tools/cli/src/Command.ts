import { Command as Commander, CommanderError, Option } from 'commander';
import type { Parser } from './parsers.ts';
import { UsageError } from './UsageError.ts';

/** One option. Without `parse` it is a flag: false unless it is given. */
export interface OptionSpec<T = unknown> {
  /** What the help calls the value: `N`, `FILE`. */
  readonly value?: string;
  readonly parse?: Parser<T>;
  /** The value when the option is not given; undefined without it. */
  readonly default?: T;
  /** What the help says of the default, where the value itself is not what people would read. */
  readonly defaultText?: string;
  /** The option can be given several times, and its value is the list of all. */
  readonly repeatable?: true;
  /** What stands on the command line without an option's name, all of it, as a list: at most one option of a command, and repeatable. */
  readonly positional?: true;
  readonly help: string;
}

/** The options of a command by their names in camel case: `openMics` is `--open-mics`. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type OptionValue<S extends OptionSpec> = S extends { readonly parse: Parser<infer T> }
  ? S extends { readonly repeatable: true }
    ? readonly T[]
    : S extends { readonly default: unknown }
      ? T
      : T | undefined
  : boolean;

export type OptionValues<S extends OptionSpecs> = { readonly [N in keyof S]: OptionValue<S[N]> };

export interface Command<S extends OptionSpecs> {
  /** What people type: `npm run bench --`. */
  readonly name: string;
  /** The generated text of `--help`. */
  readonly help: string;
  /**
   * @param args without the names of node and script
   * @returns null when help was asked for
   * @throws {UsageError}
   */
  parse(args: readonly string[]): OptionValues<S> | null;
}

/** What the options of a command are once they are read: `ValuesOf<typeof COMMAND>`. */
export type ValuesOf<C extends { parse(args: readonly string[]): unknown }> = NonNullable<ReturnType<C['parse']>>;

export interface CommandSpec<S extends OptionSpecs> {
  readonly name: string;
  /** What the command does, in a sentence or two. */
  readonly description: string;
  readonly options: S;
  /** What the help says below the options: exit codes, keys, examples. */
  readonly notes?: string;
}

/** Declares a command line: each option once, with its type, its default and its help. */
export function defineCommand<const S extends OptionSpecs>(spec: CommandSpec<S>): Command<S> {
  return {
    name: spec.name,
    help: createCommander(spec).helpInformation() + (spec.notes ? `\n${spec.notes}\n` : ''),
    parse: (args) => parse(spec, args),
  };
}

/** What flags and lists are when they are not given: the help does not print these as defaults. */
function absentValues(options: OptionSpecs): Record<string, unknown> {
  const absent: Record<string, unknown> = {};
  for (const [key, { parse, repeatable }] of Object.entries(options)) {
    if (!parse) absent[key] = false;
    else if (repeatable) absent[key] = [];
  }
  return absent;
}

/** A commander keeps the values that it read, so that each reading has one of its own. */
function createCommander<S extends OptionSpecs>({ name, description, options }: CommandSpec<S>): Commander {
  const positional = positionalOf(options)?.[1];
  const commander = new Commander(name)
    .description(description)
    .usage(positional ? `[options] ${positional.value}` : '[options]')
    .allowExcessArguments(true)
    .helpOption('-h, --help', 'this text')
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .exitOverride();
  for (const [key, option] of Object.entries(options))
    if (!option.positional) commander.addOption(createOption(key, option));
  return commander;
}

function positionalOf(options: OptionSpecs): [key: string, option: OptionSpec] | undefined {
  return Object.entries(options).find(([, { positional }]) => positional);
}

function createOption(key: string, spec: OptionSpec): Option {
  const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const { parse: parseText, value = 'VALUE', defaultText, help } = spec;
  if (!parseText) return new Option(flag, help);
  const option = new Option(`${flag} <${value}>`, help);
  // Commander would print a text in quotes.
  const shown = defaultText ?? (typeof spec.default === 'string' ? spec.default : undefined);
  if (spec.default !== undefined) option.default(spec.default, shown);
  return option.argParser<unknown>((text, previous = []) => {
    const parsed = parseValue(flag, value, text, parseText);
    return spec.repeatable ? [...(previous as readonly unknown[]), parsed] : parsed;
  });
}

function parseValue(flag: string, value: string, text: string, parseText: Parser<unknown>): unknown {
  // Commander would take the next option for the value of this one.
  if (text.startsWith('--')) throw new UsageError(`${flag} needs a value: ${flag} ${value}`);
  try {
    return parseText(text);
  } catch (error) {
    throw new UsageError(`${flag} ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function parse<S extends OptionSpecs>(spec: CommandSpec<S>, args: readonly string[]): OptionValues<S> | null {
  const commander = createCommander(spec);
  try {
    commander.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return null;
    throw new UsageError(error.message.replace(/^error: /, '').replaceAll(/\s+/g, ' '), { cause: error });
  }
  const [key, positional] = positionalOf(spec.options) ?? [];
  if (!key && commander.args.length > 0) throw new UsageError(`unknown argument '${commander.args[0]}'`);
  const values = { ...absentValues(spec.options), ...commander.opts<OptionValues<S>>() };
  return key ? { ...values, [key]: commander.args.map((given) => positional?.parse?.(given)) } : values;
}
