import { setTimeout as sleep } from 'node:timers/promises';
import { createBirpc } from 'birpc';
import { createGuard } from '../guard.ts';
import { ProcessMonitor } from '../ProcessMonitor.ts';
import { HlsPlayer } from './HlsPlayer.ts';
import type { HttpPlane, Player } from './Player.ts';
import type { PlayerCommands } from './playerCommands.ts';
import { StreamPlayer } from './StreamPlayer.ts';

/** A process that runs players over HTTP, and does what its parent says over IPC. */

const SAMPLE_EVERY_MS = 1000;
const { ownHost } = JSON.parse(process.argv[2]!) as { readonly ownHost: boolean };

const players: Player[] = [];
const monitor = new ProcessMonitor();
let behindS: Record<HttpPlane, number[]> = { stream: [], hls: [] };
let timer: NodeJS.Timeout | undefined;

const commands: PlayerCommands = {
  async arrive(origin, plans) {
    await createGuard(ownHost)(origin);
    const startMs = performance.now();
    await Promise.all(
      plans.map(async ({ plane, roomId, atMs }) => {
        const base = `${origin}/live/${roomId}/`;
        const player = plane === 'stream' ? new StreamPlayer(base) : new HlsPlayer(base);
        players.push(player);
        await sleep(Math.max(0, startMs + atMs - performance.now()));
        await player.start();
      }),
    );
  },
  async openWindow() {
    behindS = { stream: [], hls: [] };
    await monitor.start();
    timer = setInterval(() => {
      for (const player of players) if (player.behindS !== null) behindS[player.plane].push(player.behindS);
    }, SAMPLE_EVERY_MS);
  },
  async closeWindow() {
    clearInterval(timer);
    return { behindS, usage: await monitor.stop() };
  },
  async results() {
    return players.map(({ result }) => result);
  },
};

createBirpc<Record<string, never>, PlayerCommands>(commands, {
  post: (message) => void process.send?.(message, undefined, undefined, () => undefined),
  on: (listener) => void process.on('message', listener),
});
// However the parent ends, nobody listens on without it.
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to every process of a terminal, and the parent decides what comes of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
