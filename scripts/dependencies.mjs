// Installs the dependencies, and the Node that runs TypeScript as it is: for commands that need nothing else of the set-up.
import { ensureDependencies } from './lib/deps.mjs';
import { abortOnSignals, fail } from './lib/main.mjs';
import { root } from './lib/paths.mjs';

await ensureDependencies(root, abortOnSignals()).catch(fail);
process.exit();
