// `npm run bench`: what Tribune costs on this machine.
import { runTool } from './lib/tool.mjs';

await runTool('tools/bench/src/index.ts');
