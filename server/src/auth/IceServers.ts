import { createHmac } from 'node:crypto';
import type { IceServer } from '@tribune/shared/protocol.ts';
import type { Config } from '../config.ts';

const NAME_LENGTH = 16;

type IceConfig = Pick<Config, 'ICE_SERVERS' | 'TURN_URLS' | 'TURN_SECRET' | 'TURN_CREDENTIAL_S'>;

/**
 * STUN and TURN servers for one person: those of ICE_SERVERS as they are, and those of TURN_URLS with a user name that begins with
 * the second at which it expires, and its HMAC as the password (draft-uberti-behave-turn-rest-00; coturn's `use-auth-secret`).
 */
export class IceServers {
  readonly #config: IceConfig;
  readonly #fixed: readonly IceServer[];

  constructor(config: IceConfig) {
    this.#config = config;
    this.#fixed = config.ICE_SERVERS.map(({ urls, username, credential }) => ({
      urls,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    }));
  }

  issue(userId: string, now = Date.now()): readonly IceServer[] {
    const { TURN_URLS: urls, TURN_SECRET: secret, TURN_CREDENTIAL_S } = this.#config;
    if (!urls || secret === undefined) return this.#fixed;
    // The same for a person each time, so that the TURN server can count what one person takes, and their id to nobody.
    const name = createHmac('sha256', secret).update(userId).digest('base64url').slice(0, NAME_LENGTH);
    const username = `${Math.floor(now / 1000) + TURN_CREDENTIAL_S}:${name}`;
    // The draft has SHA-1, and so has every TURN server.
    const credential = createHmac('sha1', secret).update(username).digest('base64');
    return [...this.#fixed, { urls, username, credential }];
  }

  /** The same where any of them expire: for a connection that may be older than its credentials. */
  renew(userId: string): { readonly iceServers?: readonly IceServer[] } {
    return this.#config.TURN_URLS ? { iceServers: this.issue(userId) } : {};
  }
}
