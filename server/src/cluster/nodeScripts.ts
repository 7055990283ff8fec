import { readFileSync } from 'node:fs';
import type { Redis, Result } from 'ioredis';
import { AppError } from '../errors.ts';

/** Three beats missed: a node that is only slow stays in. */
export const NODE_LIFE_MS = 4000;

const NAMES = [
  'info',
  'seen',
  'reserved',
  'queue',
  'asked',
  'counts',
  'counts:let',
  'counts:places',
  'moving',
  'overbooking',
  'waiting',
  'waitingCounts',
];
const KEYS = NAMES.map((name) => `tribune:{nodes}:${name}`);
const LIBRARY = readFileSync(new URL('nodesLib.lua', import.meta.url), 'utf8');

export type ScriptAnswer = (string | number)[];

/**
 * Makes a command of a script about the nodes of the cluster, which begins with what all of them share.
 * @param nowMs a clock for tests; without one, Redis' own
 * @returns runs an operation of it; rejects with {AppError} UNAVAILABLE
 */
export function defineNodeScript(
  redis: Redis,
  name: 'clusterNodes' | 'clusterAdmission',
  file: URL,
  nowMs?: () => number,
): (operation: string, ...args: readonly (string | number)[]) => Promise<ScriptAnswer> {
  redis.defineCommand(name, { numberOfKeys: KEYS.length, lua: LIBRARY + readFileSync(file, 'utf8') });
  return async (operation, ...args) => {
    try {
      return await redis[name](...KEYS, operation, nowMs ? String(nowMs()) : '', ...args.map(String));
    } catch (error) {
      throw new AppError('UNAVAILABLE', 'The store does not answer', { cause: error });
    }
  };
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    clusterNodes(...keysAndArgs: string[]): Result<(string | number)[], Context>;
    clusterAdmission(...keysAndArgs: string[]): Result<(string | number)[], Context>;
  }
}
