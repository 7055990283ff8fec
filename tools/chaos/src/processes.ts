import { readFile } from 'node:fs/promises';
import type { ClusterProcess } from './cluster/ClusterProcess.ts';

export interface ChildProcessInfo {
  readonly pid: number;
  readonly commandLine: string;
  /** User time so far, in ticks of the kernel. */
  readonly userTicks: number;
}

/** The children of a process, as Linux lists them. */
export async function childrenOf(pid: number): Promise<ChildProcessInfo[]> {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);
  const children = await Promise.all(
    pids.map(async (child) => {
      const read = async (name: string) => readFile(`/proc/${child}/${name}`, 'utf8').catch(() => null);
      const [commandLine, stat] = [await read('cmdline'), await read('stat')];
      // It ended while it was looked at.
      if (commandLine === null || stat === null) return null;
      // The name of the program stands in parentheses and may hold spaces: user time is the 12th field after it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { pid: child, commandLine: commandLine.replaceAll('\0', ' '), userTicks: Number(fields[11]) };
    }),
  );
  return children.filter((child) => child !== null);
}

/**
 * Keeps in mind which processes these nodes have started.
 * @returns a function that tells which of them ended since, though their node goes on
 */
export async function watchChildren(nodes: readonly ClusterProcess[]): Promise<() => Promise<string[]>> {
  const before = await Promise.all(
    nodes.map(async (node) => ({ node, pid: node.pid, children: await childrenOf(node.pid) })),
  );
  return async () => {
    const going = before.filter(({ node, pid }) => node.state === 'running' && node.pid === pid);
    const ended = going.map(async ({ node, pid, children }) => {
      const now = new Set((await childrenOf(pid)).map((child) => child.pid));
      const gone = children.filter((child) => !now.has(child.pid));
      return gone.map(({ commandLine }) => `a process of node ${node.id} ended by itself: ${commandLine}`);
    });
    return (await Promise.all(ended)).flat();
  };
}
