// `npm run cluster`: several nodes on this machine, to play with.
import { runTool } from './lib/tool.mjs';

await runTool('tools/chaos/src/cluster/index.ts', { servesPage: true });
