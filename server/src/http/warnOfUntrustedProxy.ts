import type { RequestHandler } from 'express';
import type { Logger } from '../logger.ts';

/**
 * Says once in the log that requests come through a proxy which nobody has told this server of: all people together have then what one
 * network address may have.
 */
export function warnOfUntrustedProxy(trustedProxies: number, logger: Logger): RequestHandler {
  let isSaid = trustedProxies > 0;
  return (req, _res, next) => {
    if (!isSaid && req.headers['x-forwarded-for'] !== undefined) {
      isSaid = true;
      logger.warn('Requests come through a proxy: set TRUST_PROXY, or everybody counts as one network address');
    }
    next();
  };
}
