import { readFile } from 'node:fs/promises';

export interface ChildProcessInfo {
  readonly pid: number;
  readonly commandLine: string;
  /** User time so far, in ticks of the kernel. */
  readonly userTicks: number;
}

/** The children of a process, as Linux lists them. */
export async function childrenOf(pid: number): Promise<ChildProcessInfo[]> {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);
  return Promise.all(
    pids.map(async (child) => {
      const commandLine = (await readFile(`/proc/${child}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      const stat = await readFile(`/proc/${child}/stat`, 'utf8');
      // The name of the program stands in parentheses and may hold spaces: user time is the 12th field after it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { pid: child, commandLine, userTicks: Number(fields[11]) };
    }),
  );
}
