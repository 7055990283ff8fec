import { describe, expect, it } from 'vitest';
import { PacketQueue, type ArrivedPacket } from './PacketQueue.ts';

const payload = Uint8Array.of(1, 2, 3);

/** The nth packet of a stream of 20 ms packets. */
function packet(n: number, { sequence = 0, timestamp = 0, lateMs = 0 } = {}): ArrivedPacket {
  return {
    sequenceNumber: (sequence + n) & 0xffff,
    timestamp: (timestamp + n * 960) % 2 ** 32,
    arrivalMs: n * 20 + lateMs,
    payload,
  };
}

function drain(queue: PacketQueue): number[] {
  const sequences: number[] = [];
  for (let first = queue.first; first; first = queue.first) {
    sequences.push(first.sequence);
    queue.shift();
  }
  return sequences;
}

describe('PacketQueue', () => {
  it('puts packets in order, once each', () => {
    const queue = new PacketQueue();
    for (const n of [0, 2, 1, 1, 4, 0, 3]) queue.insert(packet(n));
    expect(drain(queue)).toEqual([0, 1, 2, 3, 4]);
  });

  it('goes over the ends of sequence numbers and timestamps', () => {
    const queue = new PacketQueue();
    const before = { sequence: 65_534, timestamp: 2 ** 32 - 960 };
    for (const n of [0, 1, 3, 2]) queue.insert(packet(n, before));
    expect(queue.first?.timestamp).toBe(2 ** 32 - 960);
    expect(drain(queue)).toEqual([65_534, 65_535, 65_536, 65_537]);
  });

  it('takes no notice of one packet out of nowhere', () => {
    const queue = new PacketQueue();
    queue.insert(packet(0));
    expect(queue.insert(packet(1, { sequence: 30_000, timestamp: 1e9 }))).toBeNull();
    expect(queue.insert(packet(1))).toMatchObject({ restarted: false });
    expect(queue.insert(packet(2, { sequence: 9000, timestamp: 2e9 }))).toBeNull();
    expect(drain(queue)).toEqual([0, 1]);
  });

  it('begins anew with a sender that did, at its second packet', () => {
    const queue = new PacketQueue();
    queue.insert(packet(0));
    const anew = { sequence: 30_000, timestamp: 1e9 };
    expect(queue.insert(packet(1, anew))).toBeNull();
    expect(queue.insert(packet(2, anew))).toMatchObject({ restarted: true });
    expect(drain(queue)).toEqual([30_002]);
  });

  it('takes a long silence for what it is', () => {
    const queue = new PacketQueue();
    queue.insert(packet(0));
    const inserted = queue.insert({ sequenceNumber: 1, timestamp: 3600 * 48_000, arrivalMs: 3_600_000, payload });
    expect(inserted).toMatchObject({ restarted: false, packet: { sequence: 1 } });
  });

  it('holds a bounded number of packets, the newest', () => {
    const queue = new PacketQueue();
    for (let n = 0; n < 1000; n++) queue.insert(packet(n));
    expect(queue.size).toBeLessThan(100);
    expect(drain(queue).at(-1)).toBe(999);
  });
});
