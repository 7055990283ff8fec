import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('s3Server.ts', import.meta.url));
const ACCESS = { region: 'us-east-1', accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

export interface TestS3 {
  /** Options of an `S3Store`. */
  readonly options: typeof ACCESS & { readonly url: string };
  /** Ends the server, and keeps its objects for `resume()`. */
  halt(): Promise<void>;
  /** At the same address. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a server of the S3 API with one empty bucket.
 * @param options `checksSignatures`: where it does, lists are refused. S3 signs the path as it was sent, and this server forgets the
 *   slash at the end of a bucket's.
 */
export async function startS3({ checksSignatures = false } = {}): Promise<TestS3> {
  const directory = await mkdtemp(join(tmpdir(), 'tribune-s3-'));
  let server = await startServer(directory, checksSignatures, 0);
  const { port } = server;
  return {
    options: { ...ACCESS, url: `http://127.0.0.1:${port}/tribune` },
    halt: async () => server.end(),
    resume: async () => {
      server = await startServer(directory, checksSignatures, port);
    },
    stop: async () => {
      await server.end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startServer(directory: string, checksSignatures: boolean, wantedPort: number) {
  const child = fork(PROGRAM, [directory, String(checksSignatures), String(wantedPort)], {
    execArgv: ['--openssl-legacy-provider'],
  });
  const exited = once(child, 'exit');
  const early = exited.then(() => Promise.reject(new Error('The S3 server has ended')));
  const [{ port }] = (await Promise.race([once(child, 'message'), early])) as [{ port: number }];
  early.catch(() => undefined);
  const end = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { port, end };
}
