import type { SessionResponse } from '@tribune/shared/protocol.ts';
import { Router } from 'express';
import { nanoid } from 'nanoid';
import { sessionRequest } from '@tribune/shared/schemas.ts';
import type { AddressLimits } from '../../admission/AddressLimits.ts';
import type { NetworkReader } from '../../admission/network.ts';
import type { Tokens } from '../../auth/Tokens.ts';
import { authenticate } from '../authenticate.ts';
import { parseBody } from '../parseBody.ts';

export interface SessionRoutesOptions {
  readonly tokens: Tokens;
  readonly limits: AddressLimits;
  readonly networkOf: NetworkReader;
}

/** Guest sessions: a name and a stable id, signed, kept by the browser; nothing is stored here. */
export function sessionRoutes({ tokens, limits, networkOf }: SessionRoutesOptions): Router {
  return Router().post('/', async (req, res) => {
    await limits.take('sessions', networkOf(req));
    const { name } = parseBody(sessionRequest, req);
    // A token that is no longer good starts someone new rather than locking them out.
    const userId = knownUserId(() => authenticate(req, tokens).userId) ?? nanoid();
    const user = { userId, name };
    res.status(201).json({ token: tokens.signSession(user), user } satisfies SessionResponse);
  });
}

function knownUserId(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
