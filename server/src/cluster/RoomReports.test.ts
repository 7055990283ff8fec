import { beforeEach, describe, expect, it } from 'vitest';
import type { RoomReport } from './roomMessages.ts';
import { RoomReports } from './RoomReports.ts';

let made = 0;
const report = (nodeId: string, port: number | null, changes: Partial<RoomReport> = {}): RoomReport => ({
  nodeId,
  madeAtMs: ++made,
  isOpen: true,
  seq: 1,
  listeners: 3,
  present: 3,
  faces: [],
  placed: [],
  reactions: {},
  leaderlessMs: null,
  isHeardOverHttp: false,
  decisions: [],
  mix: port === null ? null : { address: '10.0.0.1', port },
  ...changes,
});

it('counts nobody on a node that is dead', () => {
  const alive = new Set(['a', 'b']);
  const reports = new RoomReports((nodeId) => alive.has(nodeId));
  reports.take(report('a', null));
  reports.take(report('b', null));
  alive.delete('b');
  expect(reports.all.map(({ nodeId }) => nodeId)).toEqual(['a']);
});

describe('a node that reports nothing any more, though it lives', () => {
  let nowMs: number;
  let reports: RoomReports;
  const pass = (seconds: number, { echo }: { echo: boolean }) => {
    for (let s = 0; s < seconds; s++) {
      nowMs += 1000;
      if (echo) reports.noteEcho();
    }
  };
  beforeEach(() => {
    nowMs = 0;
    reports = new RoomReports(
      () => true,
      () => nowMs,
    );
    reports.take(report('a', null));
  });

  it('has nobody after six seconds in which the channel carried what this node said: its last word was lost', () => {
    pass(6, { echo: true });
    expect(reports.all).toHaveLength(1);
    pass(2, { echo: true });
    expect(reports.all).toEqual([]);
  });

  it('has whom it had while the channel carries nothing, as while Redis is away, and is given time when it does again', () => {
    pass(60, { echo: false });
    expect(reports.all).toHaveLength(1);
    pass(6, { echo: true });
    expect(reports.all).toHaveLength(1);
    reports.take(report('a', null));
    pass(6, { echo: true });
    expect(reports.all).toHaveLength(1);
  });
});

it('counts a node no longer that says that it has closed the room', () => {
  const reports = new RoomReports(() => true);
  reports.take(report('a', null));
  reports.take(report('a', null, { isOpen: false }));
  expect(reports.all).toEqual([]);
});

it('leaves out a report that was overtaken by a newer one', () => {
  const reports = new RoomReports(() => true);
  const old = report('a', 40_001);
  expect(reports.take(report('a', 40_002))).toBe(true);
  expect(reports.take(old)).toBe(false);
  expect(reports.mixEndpoints).toEqual([{ address: '10.0.0.1', port: 40_002 }]);
});

it('holds the newest report of each node', () => {
  const reports = new RoomReports(() => true);
  reports.take(report('a', 40_001));
  reports.take(report('a', 40_002));
  expect(reports.mixEndpoints).toEqual([{ address: '10.0.0.1', port: 40_002 }]);
});

it('sends the mix on to a node that has fallen silent, for ten minutes', () => {
  let now = 0;
  const alive = new Set(['a']);
  const reports = new RoomReports(
    (nodeId) => alive.has(nodeId),
    () => now,
  );
  reports.take(report('a', 40_001));
  alive.delete('a');
  now = 599_000;
  expect(reports.mixEndpoints).toHaveLength(1);
  now = 601_000;
  expect(reports.mixEndpoints).toEqual([]);
});
