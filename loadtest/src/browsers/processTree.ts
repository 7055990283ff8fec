import { readdir, readFile } from 'node:fs/promises';

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;

/** Fields of /proc/PID/stat that follow the command (proc_pid_stat(5)). */
const FIELDS = { parent: 1, userTicks: 11, systemTicks: 12, endedUserTicks: 13, endedSystemTicks: 14 };

interface ProcessStat {
  readonly parent: number;
  /** Of the process, and of those children that have ended and were waited for. */
  readonly cpuS: number;
}

/**
 * CPU time of a program and of all that it started, in seconds; null where /proc does not tell.
 * @param mark an argument of the program's command line that no other process has.
 */
export async function treeCpuS(mark: string): Promise<number | null> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = new Map<number, ProcessStat>();
  const marked: number[] = [];
  for (const pid of pids) {
    const stat = parseStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
    if (!stat) continue;
    stats.set(pid, stat);
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.split('\0').includes(mark)) marked.push(pid);
  }
  if (marked.length === 0) return null;
  const tree = new Set(marked);
  // Once round for each generation, of which there are few.
  for (let size = 0; size < tree.size;) {
    size = tree.size;
    for (const [pid, { parent }] of stats) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree].reduce((sum, pid) => sum + (stats.get(pid)?.cpuS ?? 0), 0);
}

export function parseStat(text: string): ProcessStat | null {
  // The command may hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (name: keyof typeof FIELDS) => Number(fields[FIELDS[name]]);
  const ticks = at('userTicks') + at('systemTicks') + at('endedUserTicks') + at('endedSystemTicks');
  return Number.isFinite(ticks) ? { parent: at('parent'), cpuS: ticks / TICKS_PER_S } : null;
}
