import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';

const MINUTE_S = 60;
const HOUR_S = 3600;
/** Of each person: their own, and that of a page that was opened twice. */
const SESSIONS_PER_PERSON = 2;
/** Of each person: the first, and those of reconnections, of a crowd at the door and of a queue. */
const TICKETS_PER_PERSON = 5;
/** Of each person: a page, and parts of its sound, more of them where they seek. */
const RECORDING_REQUESTS_PER_PERSON = 30;
/** Of all people at one address. */
const CLIPS_PER_HOUR = 60;
/** Of the operator, or of somebody who tries keys. */
const ADMIN_REQUESTS_PER_MINUTE = 60;

interface Rate {
  readonly times: number;
  readonly withinS: number;
  readonly message: string;
  readonly code: 'RATE_LIMITED' | 'QUOTA_EXCEEDED';
}

export type LimitName = 'sessions' | 'tickets' | 'rooms' | 'unknownRooms' | 'recordings' | 'clips' | 'admin';

export type AddressLimitsConfig = Pick<Config, 'PEOPLE_PER_ADDRESS' | 'ROOMS_PER_ADDRESS_PER_HOUR'>;

/**
 * How often one network address may ask for what costs something and is anybody's to ask. Counted in Redis, so that an address has as
 * much from many nodes as from one; while Redis is away, each node counts by itself. An address that has used up what it has is refused
 * from memory, and costs Redis nothing.
 */
export class AddressLimits {
  readonly #rates: Readonly<Record<LimitName, Rate>>;
  readonly #limiters: ReadonlyMap<LimitName, RateLimiterRedis>;

  constructor(redis: Redis, config: AddressLimitsConfig) {
    this.#rates = ratesOf(config);
    const names = Object.keys(this.#rates) as LimitName[];
    this.#limiters = new Map(
      names.map((name) => {
        const { times: points, withinS: duration } = this.#rates[name];
        const insuranceLimiter = new RateLimiterMemory({ points, duration });
        return [
          name,
          new RateLimiterRedis({
            ...{ storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter },
            ...{ keyPrefix: `tribune:limit:${name}`, points, duration, inMemoryBlockOnConsumed: points + 1 },
          }),
        ];
      }),
    );
  }

  /** Counts one request. @throws {AppError} RATE_LIMITED or QUOTA_EXCEEDED, with the time after which there are more */
  async take(name: LimitName, address: string): Promise<void> {
    try {
      await this.#limiterOf(name).consume(address);
    } catch (reason) {
      // Whatever else it is, it is no refusal.
      if (reason instanceof RateLimiterRes) throw this.#refusal(name, reason.msBeforeNext);
    }
  }

  /** Refuses an address that has used up what it has, and counts nothing. @throws {AppError} as `take()` */
  assertLeft(name: LimitName, address: string): void {
    const limiter = this.#limiterOf(name);
    const blockedMs = limiter.getInMemoryBlockMsBeforeExpire(limiter.getKey(address));
    if (blockedMs > 0) throw this.#refusal(name, blockedMs);
  }

  #limiterOf(name: LimitName): RateLimiterRedis {
    return this.#limiters.get(name)!;
  }

  #refusal(name: LimitName, afterMs: number): AppError {
    const { code, message } = this.#rates[name];
    return new AppError(code, message, { retryAfterS: Math.max(Math.ceil(afterMs / 1000), 1) });
  }
}

function ratesOf(config: AddressLimitsConfig): Record<LimitName, Rate> {
  const people = config.PEOPLE_PER_ADDRESS;
  const perMinute = { withinS: MINUTE_S, code: 'RATE_LIMITED' } as const;
  return {
    sessions: { ...perMinute, times: people * SESSIONS_PER_PERSON, message: 'Too many sessions from this address' },
    tickets: { ...perMinute, times: people * TICKETS_PER_PERSON, message: 'Too many tickets from this address' },
    unknownRooms: { ...perMinute, times: people, message: 'Too many rooms that there are not, from this address' },
    recordings: {
      ...{ ...perMinute, times: people * RECORDING_REQUESTS_PER_PERSON },
      message: 'Too many requests for recordings from this address',
    },
    clips: {
      ...{ times: CLIPS_PER_HOUR, withinS: HOUR_S, code: 'QUOTA_EXCEEDED' },
      message: 'Too many clips from this address',
    },
    admin: { ...perMinute, times: ADMIN_REQUESTS_PER_MINUTE, message: 'Too many requests of the operator' },
    rooms: {
      times: config.ROOMS_PER_ADDRESS_PER_HOUR,
      withinS: HOUR_S,
      code: 'QUOTA_EXCEEDED',
      message: 'Too many rooms from this address',
    },
  };
}

declare module 'rate-limiter-flexible' {
  // It is there, and missing in the types.
  interface RateLimiterRedis {
    getInMemoryBlockMsBeforeExpire(key: string): number;
  }
}
