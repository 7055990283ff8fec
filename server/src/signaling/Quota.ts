import type { RequestName } from '@tribune/shared/protocol.ts';
import type { TokenBucket } from 'limiter';
import { createBucket, type Rate } from '../createBucket.ts';
import { REACTION_RATE } from '../rooms/Reactions.ts';

const EVERYTHING: Rate = { burst: 60, perSecond: 20 };
/** What costs the server, or others, more than an answer. */
const RATES: Partial<Record<RequestName, Rate>> = {
  'reaction:send': REACTION_RATE,
  'media:start': { burst: 8, perSecond: 0.5 },
  'transport:create': { burst: 8, perSecond: 0.5 },
  'transport:restartIce': { burst: 10, perSecond: 1 },
  'producer:create': { burst: 8, perSecond: 0.5 },
  'hand:raise': { burst: 5, perSecond: 0.5 },
  'room:snapshot': { burst: 5, perSecond: 1 },
  'audience:list': { burst: 10, perSecond: 2 },
  'ban:list': { burst: 5, perSecond: 1 },
  // These may ask every node.
  'stage:invite': { burst: 20, perSecond: 2 },
  'peer:remove': { burst: 20, perSecond: 2 },
  'peer:ban': { burst: 20, perSecond: 2 },
  'room:health': { burst: 5, perSecond: 1 },
  'quality:report': { burst: 3, perSecond: 0.1 },
};
/** Refusals after which the connection is not a person's any more. */
const MAX_REFUSALS = 500;

/** What one socket may ask: a bucket for everything, and one for each request that costs more. */
export class Quota {
  readonly #everything = createBucket(EVERYTHING);
  readonly #buckets = new Map<RequestName, TokenBucket>();
  readonly #onExhausted: () => void;
  #refusals = 0;

  /** @param onExhausted called once, when so much was refused that no person can be behind it. */
  constructor(onExhausted: () => void) {
    this.#onExhausted = onExhausted;
  }

  /** False when it is too much. */
  take(name: RequestName): boolean {
    const allowed = this.#everything.tryRemoveTokens(1) && this.#bucketOf(name)?.tryRemoveTokens(1) !== false;
    if (!allowed) this.refuse();
    return allowed;
  }

  /** Counts a refusal; also for a packet that is no request of the protocol. */
  refuse(): void {
    if (++this.#refusals === MAX_REFUSALS) this.#onExhausted();
  }

  #bucketOf(name: RequestName): TokenBucket | undefined {
    const rate = RATES[name];
    if (!rate) return undefined;
    const bucket = this.#buckets.get(name) ?? createBucket(rate);
    this.#buckets.set(name, bucket);
    return bucket;
  }
}
