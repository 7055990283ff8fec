import { beforeEach, describe, expect, it } from 'vitest';
import { RoomNodes, type RoomReport } from './RoomNodes.ts';

const mix = { address: '10.0.0.2', port: 40_000 };
const report: RoomReport = {
  ...{ roomId: 'r1', nodeId: 'n2', seq: 7, listeners: 5, present: 6, faces: [], reactions: {}, info: null },
  placed: ['ann'],
  mix,
};

describe('what other nodes say of a room', () => {
  let alive: boolean;
  let nowMs: number;
  let nodes: RoomNodes;
  beforeEach(() => {
    alive = true;
    nowMs = 0;
    nodes = new RoomNodes(
      () => alive,
      () => nowMs,
    );
    nodes.take(report);
  });

  it('counts while they live', () => {
    expect([nodes.listeners, nodes.present, nodes.seq, nodes.has('ann'), nodes.has('bob')]).toEqual([
      5,
      6,
      7,
      true,
      false,
    ]);
    alive = false;
    expect([nodes.listeners, nodes.present, nodes.seq, nodes.has('ann')]).toEqual([0, 0, 0, false]);
  });

  it('the mix is sent on to who is silent, who may be cut off from Redis only', () => {
    alive = false;
    nowMs = 590_000;
    expect(nodes.mixEndpoints).toEqual([mix]);
    nowMs = 610_000;
    expect(nodes.mixEndpoints).toEqual([]);
  });

  it('the mix ends for who wants it no more', () => {
    nodes.take({ ...report, mix: null });
    expect(nodes.mixEndpoints).toEqual([]);
  });
});
