import type { Costs } from '../src/costs.ts';
import type { Cluster } from '../src/model.ts';

/** Round figures for tests: a join is 2 ms of Node and 1 ms of a worker. */
export const COSTS: Costs = {
  source: 'a test',
  sfuUsPerPacket: 10,
  sfuMsPerListenerSecond: [
    [1, 0.5],
    [3, 1.5],
  ],
  kbPerListener: 300,
  joinWorkerMs: 1,
  joinNodeMs: 2,
  joinClientMs: 4,
  joinClientThreadMs: 3,
  clientUsPerPacket: 15,
  cold: null,
  httpMsPerListenerSecond: null,
  aloneMs: 45,
  background: { nodeMsPerSecond: 10, scrapeNodeMs: 5 },
  stageMsPerSecond: 1,
  mixerMsPerSecond: 40,
  broadcastUsPerSocket: [
    [1000, 10],
    [10_000, 10],
  ],
};

export const CLUSTER: Cluster = {
  nodes: 2,
  cores: 4,
  workers: 3,
  delivery: 'mix',
  openMics: 1,
  rttMs: 40,
  joinsPerS: 200,
  capacity: Infinity,
  leavePct: 0,
  nicGbit: 10,
  memoryGb: 64,
  failures: [],
  sharedCores: null,
};
