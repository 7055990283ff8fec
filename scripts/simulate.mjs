// `npm run simulate`: the model needs nothing; `--check` runs a server, and so the set-up first.
import { abortOnSignals, fail } from './lib/main.mjs';
import { runProgram, runTool } from './lib/tool.mjs';

const ENTRY = 'tools/simulate/src/index.ts';

if (process.argv.includes('--check')) await runTool(ENTRY);
else process.exit(await runProgram(process.execPath, ENTRY, {}, abortOnSignals()).catch(fail));
