import { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';

const COMMAND_TIMEOUT_MS = 4000;
const RECONNECT_MAX_MS = 1000;

/**
 * A connection that comes back by itself for as long as the process lives. While it is down commands fail at once: one kept
 * for later would act after its caller was told that it did not.
 */
export function connectRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * attempt, RECONNECT_MAX_MS),
  });
  let down = false;
  redis.on('ready', () => {
    if (down) logger.info('Redis is back');
    down = false;
  });
  redis.on('error', (error: Error) => {
    if (!down) logger.warn({ reason: error.message }, 'Redis is lost');
    down = true;
  });
  return redis;
}

/**
 * A second connection, for what others publish. It waits for Redis however long that takes, and takes its subscriptions up again
 * by itself.
 */
export function connectSubscriber(redis: Redis): Redis {
  const subscriber = redis.duplicate({
    enableOfflineQueue: true,
    autoResendUnfulfilledCommands: true,
    commandTimeout: undefined,
    maxRetriesPerRequest: null,
  });
  // The first connection says it.
  subscriber.on('error', () => undefined);
  return subscriber;
}
