// What a worker that was built here has passed before it was used. Upstream's binary has no such tests beside it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { WORKER_TESTS } from './lib/worker.mjs';

const RULES = {
  'shim-test': 'encrypts as RFC 3711 and RFC 7714 say, within its buffers, and keeps no keys',
  'batch-test': 'gives datagrams to the kernel many at a time, each to its own address, in order, and loses none',
};

for (const test of WORKER_TESTS) {
  const program = join(dirname(process.env.MEDIASOUP_WORKER_BIN ?? ''), test);
  it.runIf(existsSync(program))(`the worker ${RULES[test]}`, () => {
    const { status, stdout } = spawnSync(program, { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(status).toBe(0);
  });
}
