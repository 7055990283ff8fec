// `npm run chaos`: faults on purpose, and what listeners notice of them.
import { runTool } from './lib/tool.mjs';

await runTool('tools/chaos/src/index.ts');
