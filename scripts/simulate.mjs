// `npm run simulate`: the model needs the dependencies alone; `--check` runs a server, and so the set-up first.
import { ensureDependencies } from './lib/deps.mjs';
import { abortOnSignals, fail } from './lib/main.mjs';
import { root } from './lib/paths.mjs';
import { runProgram, runTool } from './lib/tool.mjs';

const ENTRY = 'tools/simulate/src/index.ts';

if (process.argv.includes('--check')) await runTool(ENTRY);
else process.exit(await simulate(abortOnSignals()).catch(fail));

async function simulate(signal) {
  return runProgram(await ensureDependencies(root, signal), ENTRY, {}, signal);
}
