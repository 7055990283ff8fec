import type { Request } from 'express';
import type { AddressLimits } from '../admission/AddressLimits.ts';
import type { NetworkReader } from '../admission/network.ts';

/** Codes of things that there are not. */
const UNKNOWN: ReadonlySet<unknown> = new Set(['ROOM_NOT_FOUND', 'ROOM_ENDED', 'NOT_FOUND']);

export interface LookupOptions {
  readonly limits: AddressLimits;
  readonly networkOf: NetworkReader;
}

/** Runs a look-up for a request, and throws what it throws. */
export type Lookup = <T>(req: Request, look: () => Promise<T>) => Promise<T>;

/**
 * Guards look-ups by id: an address that asks for many things which there are not is refused with RATE_LIMITED after a while, before the
 * store is asked.
 */
export function guardLookups({ limits, networkOf }: LookupOptions): Lookup {
  return async (req, look) => {
    const address = networkOf(req);
    limits.assertLeft('unknownRooms', address);
    try {
      return await look();
    } catch (error) {
      if (UNKNOWN.has((error as { code?: unknown }).code)) await limits.take('unknownRooms', address);
      throw error;
    }
  };
}
