import { expect, test } from 'vitest';
import { parseCosts } from './costs.ts';
import { planHttp } from './httpPlane.ts';

const costs = { ...parseCosts(JSON.stringify(benchFile()), 'bench.json'), httpMsPerListenerSecond: null };

function benchFile() {
  return {
    ...{ date: '2026-11-21', machine: { cpu: 'cpu', cores: 2 }, sfuUsPerPacket: 5, sfuMsPerListenerSecond: { 1: 0.1 } },
    ...{ kbPerListener: 50, joinWorkerMs: 1, joinNodeMs: 2, broadcastUsPerSocket: { 1000: 5 }, details: {} },
  };
}

const of = (values: Partial<Parameters<typeof planHttp>[0]>) =>
  planHttp({ plane: 'hls', listeners: 420_000, nicGbit: 10, cdnPlaces: 0, ...values }, costs);

test('Players of HLS ask for a segment and a playlist each 3 s, and a state each 2 s', () => {
  const plan = of({});
  expect(plan.requestsPerS).toBeCloseTo(490_000);
  expect(plan.gbit).toBeCloseTo(15.9, 1);
  expect(plan.caches!.machines).toBe(3);
});

test('A CDN asks nodes as often as it has places, however many listen', () => {
  const [some, many] = [of({ cdnPlaces: 100 }), of({ cdnPlaces: 100, listeners: 8_000_000 })];
  expect(many.origin).toEqual(some.origin);
  expect(many.origin.requestsPerS).toBeCloseTo(183.3, 1);
  expect(many.gbit).toBeCloseTo(some.gbit * (8_000_000 / 420_000));
  expect(many.caches).toBeNull();
});

test('Streams come from nodes, of which each has one thread that writes', () => {
  const { origin, gbit } = of({ plane: 'stream' });
  expect(origin.gbit).toBe(gbit);
  expect(origin.nodes).toBe(12);
});
