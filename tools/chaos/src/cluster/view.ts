import type { ClusterView } from '@tribune/server/http/routes/health.ts';
import type { ProcessState } from './ClusterProcess.ts';

const BAR_WIDTH = 12;
const FULL = '█';
const EMPTY = '·';

/** A node as the person at the terminal sees it. */
export interface NodeLine {
  readonly id: string;
  readonly origin: string;
  readonly state: ProcessState;
  /** What it knows; null when it does not answer. */
  readonly view: ClusterView | null;
}

/** The nodes and the rooms of a cluster as lines of text. */
export function formatCluster(nodes: readonly NodeLine[], selected: string | null): string[] {
  return [
    '  node  state     load           people  stages  address',
    ...nodes.map((node) => formatNode(node, selected)),
    '',
    ...formatRooms(nodes),
  ];
}

function formatNode({ id, origin, state, view }: NodeLine, selected: string | null): string {
  const own = view?.nodes.find((node) => node.id === id);
  const load = own ? (own.listeners + own.coming) / own.capacity : null;
  const stages = view ? view.rooms.filter(({ home }) => home?.nodeId === id).length : null;
  const cells = [
    `${selected === id ? '›' : ' '} ${id.padEnd(4)}`,
    state.padEnd(8),
    load === null ? ' '.repeat(BAR_WIDTH + 2) : bar(load),
    String(own?.listeners ?? '').padStart(5),
    String(stages ?? '').padStart(6),
    ` ${origin}`,
  ];
  return cells.join('  ');
}

function bar(share: number): string {
  const full = Math.min(BAR_WIDTH, Math.ceil(share * BAR_WIDTH));
  return `${FULL.repeat(full)}${EMPTY.repeat(BAR_WIDTH - full)}  `;
}

/** Each room once, as the node says that has its stage, or any other while none has. */
function formatRooms(nodes: readonly NodeLine[]): string[] {
  const rooms = new Map<string, { phase: string; home: string; listeners: number }>();
  for (const { id, view } of nodes)
    for (const { roomId, phase, home, listeners } of view?.rooms ?? []) {
      const known = rooms.get(roomId);
      const isHome = home?.nodeId === id;
      rooms.set(roomId, {
        phase: isHome || !known ? phase : known.phase,
        home: isHome || !known ? (home?.nodeId ?? 'none') : known.home,
        listeners: (known?.listeners ?? 0) + listeners,
      });
    }
  if (rooms.size === 0) return ['  No rooms yet: open the address above, and create one.'];
  return [
    '  room                   phase      home  listeners',
    ...[...rooms].map(
      ([roomId, { phase, home, listeners }]) =>
        `  ${roomId.padEnd(21)}  ${phase.padEnd(9)}  ${home.padEnd(4)}  ${String(listeners).padStart(9)}`,
    ),
  ];
}
