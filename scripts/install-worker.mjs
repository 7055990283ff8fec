// Puts a mediasoup-worker that runs here where the only argument says. For server/Dockerfile.
import { copyFileSync } from 'node:fs';
import { abortOnSignals, fail } from './lib/main.mjs';
import { findWorker } from './lib/worker.mjs';

const target = process.argv[2];
if (!target) fail(new Error('Usage: node scripts/install-worker.mjs <path>'));
copyFileSync(await findWorker({ signal: abortOnSignals() }).catch(fail), target);
