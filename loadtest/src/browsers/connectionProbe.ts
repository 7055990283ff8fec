import type { Page } from 'playwright-core';
import { COUNTERS, type InboundCounts, type InboundSnapshot } from './inbound.ts';

/** When the page saw what, in ms since 1970: pages and processes have that clock in common. */
export interface FirstSound {
  readonly clickedEpochMs: number;
  /** When the first sample left the jitter buffer, to be played. */
  readonly heardEpochMs: number;
}

interface ConnectionProbe {
  readonly connections: readonly RTCPeerConnection[];
  readonly firstSound: Promise<FirstSound>;
}

/** How often a page looks for its first sound. */
const LOOK_MS = 20;

/** Before the page is opened: keeps hold of its connections, which the page itself shows to nobody. */
export async function installConnectionProbe(page: Page): Promise<void> {
  await page.addInitScript(probe, LOOK_MS);
}

/** Resolves once sound is played; the page must have been entered with a click. */
export async function firstSoundOf(page: Page): Promise<FirstSound> {
  return page.evaluate(
    async () => (globalThis as unknown as { connectionProbe: ConnectionProbe }).connectionProbe.firstSound,
  );
}

export async function readInbound(page: Page): Promise<InboundSnapshot> {
  return new Map(await page.evaluate(collectInbound, COUNTERS));
}

/** Runs in the page. */
async function collectInbound(names: typeof COUNTERS): Promise<[string, InboundCounts][]> {
  const { connections } = (globalThis as unknown as { connectionProbe: ConnectionProbe }).connectionProbe;
  const found: [string, InboundCounts][] = [];
  for (const [index, connection] of connections.entries()) {
    if (connection.connectionState === 'closed') continue;
    for (const stat of (await connection.getStats()).values()) {
      if (stat.type !== 'inbound-rtp' || stat.kind !== 'audio') continue;
      const counts = Object.fromEntries(names.map((name) => [name, Number(stat[name] ?? 0)]));
      found.push([`${index}:${stat.ssrc}`, counts as Record<(typeof COUNTERS)[number], number>]);
    }
  }
  return found;
}

/** Runs in the page, before anything of it. */
function probe(lookMs: number): void {
  const connections: RTCPeerConnection[] = [];
  const { promise: firstSound, resolve } = Promise.withResolvers<FirstSound>();
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(target, args: [RTCConfiguration?]) {
      const connection = new target(...args);
      connections.push(connection);
      return connection;
    },
  });
  const heardAt = async (): Promise<number | null> => {
    for (const connection of connections) {
      for (const stat of (await connection.getStats()).values()) {
        if (stat.type !== 'inbound-rtp' || !(stat.jitterBufferEmittedCount > 0)) continue;
        // Statistics are as old as 50 ms. What was played since the first sample says when that was: 48 of them in a ms.
        return Number(stat.timestamp) - Number(stat.jitterBufferEmittedCount) / 48;
      }
    }
    return null;
  };
  addEventListener(
    'submit',
    (event) => {
      const clickedEpochMs = performance.timeOrigin + event.timeStamp;
      const look = async () => {
        const heardEpochMs = await heardAt();
        if (heardEpochMs === null) setTimeout(look, lookMs);
        else resolve({ clickedEpochMs, heardEpochMs });
      };
      void look();
    },
    { capture: true, once: true },
  );
  Object.assign(globalThis, { connectionProbe: { connections, firstSound } satisfies ConnectionProbe });
}
