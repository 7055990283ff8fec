import type { Fault } from '../Fault.ts';
import { LIVE_FAULTS } from './live.ts';
import { MEDIA_FAULTS } from './media.ts';
import { NODE_FAULTS } from './nodes.ts';
import { RECORDING_FAULTS } from './recording.ts';
import { REDIS_FAULTS } from './redis.ts';
import { SICK_NODE_FAULTS } from './sickNodes.ts';

export const FAULTS: readonly Fault[] = [
  ...NODE_FAULTS,
  ...REDIS_FAULTS,
  ...MEDIA_FAULTS,
  ...SICK_NODE_FAULTS,
  ...RECORDING_FAULTS,
  ...LIVE_FAULTS,
];

export const FAULT_NAMES: readonly string[] = FAULTS.map(({ name }) => name);
