import { expect, it } from 'vitest';
import { formatCluster, type NodeLine } from './view.ts';

const info = (id: string, listeners: number, coming = 0) => ({
  ...{ id, listeners, coming, capacity: 100, joinsPerS: 100, draining: false },
  ...{
    accepting: true,
    reason: null,
    mixerLoad: 0,
    takesRooms: true,
    storagePlace: '',
    secretFingerprint: '',
    instance: id,
    startedAt: 0,
    clockAheadMs: 0,
  },
  url: `http://localhost/${id}`,
});
const nodes = [info('n1', 40, 10), info('n2', 0)];
const archive = { sql: null, objects: null, cluster: null };
const room = { roomId: 'r1', phase: 'live', home: { nodeId: 'n1', epoch: 1 } } as const;

function lineOf(id: string, listeners: number | null): NodeLine {
  const view =
    listeners === null ? null : { nodeId: id, problem: null, archive, nodes, rooms: [{ ...room, listeners }] };
  return { id, origin: `http://localhost/${id}`, state: listeners === null ? 'paused' : 'running', view };
}

it('shows each node with its load, its people and its stages, and each room once with all who listen', () => {
  const lines = formatCluster([lineOf('n1', 40), lineOf('n2', 2)], 'n2');
  expect(lines[1]).toMatch(/^ {2}n1 +running +█{6}·{6} +40 +1 +http/);
  expect(lines[2]).toMatch(/^› n2 +running +·{12} +0 +0 +http/);
  expect(lines.at(-1)).toMatch(/^ {2}r1 +live +n1 +42$/);
  expect(lines).toHaveLength(6);
});

it('leaves out what a node that does not answer would say', () => {
  expect(formatCluster([lineOf('n1', null)], null)[1]).toMatch(/^ {2}n1 +paused +http/);
});
