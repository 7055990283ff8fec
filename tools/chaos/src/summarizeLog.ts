const NAMES: Readonly<Record<number, string>> = { 40: 'warning', 50: 'error', 60: 'fatal' };

/** The warnings of a node for a person at a terminal: each once, with how often it came, in the order of their first. */
export function summarizeLog(lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines.map(toText).filter(Boolean)) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].map(([line, count]) => (count > 1 ? `${line} (${count} times)` : line));
}

/** What is no log entry, such as the last words of a process, is left as it is. */
function toText(line: string): string {
  if (!line.startsWith('{')) return line.trimEnd();
  try {
    const { level, msg, err, reason } = JSON.parse(line) as {
      level: number;
      msg: string;
      err?: { message?: string };
      reason?: string;
    };
    const cause = err?.message ?? reason;
    return `${NAMES[level] ?? level} ${msg}${cause ? `: ${cause}` : ''}`;
  } catch {
    return line;
  }
}
