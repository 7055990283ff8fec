import { combine, type ChaosResult } from './runChaos.ts';
import { REQUESTS, type RunResult } from './runFault.ts';

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

/** The table for docs/performance.md. What requests were promised is the same in every fault, and has one row for all. */
export function toMarkdown(results: readonly ChaosResult[]): string {
  const isOfRequests = ({ fault }: ChaosResult) => fault.endsWith(`, ${REQUESTS}`);
  const rows = results.filter((result) => !isOfRequests(result));
  const requests = results
    .filter(isOfRequests)
    .map((result) => ({ ...result, fault: REQUESTS, title: 'requests during all of these' }));
  const head = ['fault', 'promised', 'worst p95', 'worst', 'kept'];
  const cells = [...rows, ...(requests.length > 0 ? [combine(requests)] : [])].map(toCells);
  const lines = [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function toCells({ title, promiseMs, holdsFor, gapP95Ms, gapMaxMs, broken, runs }: ChaosResult): string[] {
  const kept = `${runs - broken} of ${runs}`;
  return [
    title,
    promiseMs === null ? '–' : `${promiseMs} ms, ${holdsFor === 'all' ? 'all' : '95 of 100'}`,
    ms(gapP95Ms),
    ms(gapMaxMs),
    broken === 0 ? kept : `**${kept}**`,
  ];
}

function cell(value: number | null, columns: number): string {
  return String(value ?? '?').padStart(columns);
}

function ms(value: number | null): string {
  return value === null ? '–' : `${value} ms`;
}
