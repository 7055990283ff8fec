// `npm run chaos`: what a cluster bears.
import { runTool } from './lib/tool.mjs';

await runTool('cluster/src/chaos/index.ts');
