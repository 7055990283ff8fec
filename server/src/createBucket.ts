import { TokenBucket } from 'limiter';

export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket that starts full: the library's start empty. */
export function createBucket({ burst, perSecond }: Rate): TokenBucket {
  const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perSecond, interval: 'second' });
  bucket.content = burst;
  return bucket;
}
