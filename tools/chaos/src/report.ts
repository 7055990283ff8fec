import type { ChaosResult } from './runChaos.ts';
import type { RunResult } from './runFault.ts';

const NAME_COLUMNS = 44;

/** One promise as a line for the terminal, with the reason below it where it was broken. */
export function formatResult({ fault, promiseMs, gapP95Ms, gapMaxMs, kept, error }: RunResult): string {
  const cells = [
    kept ? 'kept  ' : 'BROKEN',
    fault.padEnd(NAME_COLUMNS),
    `promised ${cell(promiseMs, 5)}`,
    `p95 ${cell(gapP95Ms, 5)}`,
    `max ${cell(gapMaxMs, 5)}`,
  ];
  return `${cells.join('  ')}${error ? `\n        ${error}` : ''}`;
}

/** The same of several runs, with how many of them broke it. */
export function formatWorst(result: ChaosResult): string {
  const [line, ...rest] = formatResult(result).split('\n');
  return [`${line}  broken ${result.broken} of ${result.runs}`, ...rest].join('\n');
}

/** The table for docs/performance.md. */
export function toMarkdown(results: readonly ChaosResult[]): string {
  const rows = results.map(({ title, promiseMs, holdsFor, gapP95Ms, gapMaxMs, kept, broken, runs }) => [
    title,
    promiseMs === null ? '–' : `${promiseMs} ms, ${holdsFor === 'all' ? 'all' : '95 of 100'}`,
    ms(gapP95Ms),
    ms(gapMaxMs),
    kept ? `${runs} of ${runs}` : `**${runs - broken} of ${runs}**`,
  ]);
  const head = ['fault', 'promised', 'worst p95', 'worst', 'kept'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function cell(value: number | null, columns: number): string {
  return String(value ?? '?').padStart(columns);
}

function ms(value: number | null): string {
  return value === null ? '–' : `${value} ms`;
}
