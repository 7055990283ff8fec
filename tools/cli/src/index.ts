export {
  defineCommand,
  type Command,
  type OptionSpec,
  type OptionSpecs,
  type OptionValues,
  type ValuesOf,
} from './Command.ts';
export { duration, listOf, matching, number, oneOf, positive, text, whole, type Parser } from './parsers.ts';
export { runCommand, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE } from './runCommand.ts';
export { UsageError } from './UsageError.ts';
