import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

const KEPT_LINES = 40;

/** A command that ended with another code than 0. Its message shows the end of what the command printed. */
export class CommandError extends Error {
  constructor(commandLine, code, output) {
    super(`"${commandLine}" ended with ${code}${output ? `:\n${output}` : ''}`);
    this.name = 'CommandError';
    this.code = code;
    this.output = output;
  }
}

/** Full path of a command on the PATH, or undefined. */
export function which(name, path = process.env.PATH ?? '') {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutableFile);
}

export function isExecutableFile(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs a command to its end, without showing what it prints, and gives its last lines.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string} [options.argv0] name under which the command is called, where it depends on that what it does.
 * @param {number} [options.uid] user, and gid: group, that it runs as; root alone may choose.
 * @param {number} [options.gid]
 * @param {AbortSignal} [options.signal] ends the command. It gets SIGINT, on which npm, ninja and apt clean up.
 * @param {number} [options.timeoutMs] after which it is killed, and the run fails.
 * @param {'ignore' | 'inherit'} [options.stdin] 'inherit' where it may ask for a password.
 * @param {(line: string) => void} [options.onLine] is told every line that it prints.
 * @returns {Promise<string>}
 * @throws {CommandError} when it ends with another code than 0.
 */
export function run(
  command,
  args,
  { cwd, env, argv0, uid, gid, signal, timeoutMs, stdin = 'ignore', onLine = () => {} } = {},
) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stdio = [stdin, 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env, argv0, uid, gid, stdio, timeout: timeoutMs, killSignal: 'SIGKILL' });
    const lastLines = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > KEPT_LINES) lastLines.shift();
        onLine(line);
      });
    }
    const interrupt = () => child.kill('SIGINT');
    signal?.addEventListener('abort', interrupt);
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', interrupt);
      const output = lastLines.join('\n');
      if (signal?.aborted) reject(signal.reason);
      else if (code === 0) resolve(output);
      else reject(new CommandError([command, ...args].join(' '), code ?? killedBy, output));
    });
  });
}
