// The encryption of a worker that was built here. Upstream's binary has its own libsrtp and no such test.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { SHIM_TEST } from './lib/worker.mjs';

const program = join(dirname(process.env.MEDIASOUP_WORKER_BIN ?? ''), SHIM_TEST);

it.runIf(existsSync(program))(
  'the worker encrypts as RFC 3711 and RFC 7714 say, within its buffers, and keeps no keys',
  () => {
    const { status, stdout } = spawnSync(program, { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(status).toBe(0);
  },
);
