import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.ts';

interface SecurityHeadersOptions {
  readonly config: Pick<Config, 'PUBLIC_URL' | 'NODE_ORIGINS' | 'EMBED_ORIGINS'>;
  /** Origins of the nodes that are known now, this one included where it has one. */
  readonly nodeOrigins: () => readonly string[];
}

/**
 * What every answer says to browsers. `web/nginx.conf`, which serves the page in containers, says the same; a test compares them.
 * Pages connect to the nodes of the cluster and to nothing else. Where NODE_ORIGINS is unset and there are other nodes, a page may open
 * sockets anywhere: a node that comes later has to be reached from it.
 */
export function securityHeaders({ config, nodeOrigins }: SecurityHeadersOptions): RequestHandler {
  const { PUBLIC_URL, NODE_ORIGINS, EMBED_ORIGINS = [] } = config;
  const own = PUBLIC_URL && new URL(PUBLIC_URL).origin;
  // An element of a directive is one source or several.
  const sources = () => {
    const origins = NODE_ORIGINS ?? [...new Set([...(own ? [own] : []), ...nodeOrigins()])];
    const mayBeMore = NODE_ORIGINS === undefined && origins.some((origin) => origin !== own);
    return ["'self'", ...origins, ...(mayBeMore ? ['ws:', 'wss:'] : origins.map(socketOf))].join(' ');
  };
  return helmet({
    contentSecurityPolicy: {
      directives: {
        'connect-src': [sources],
        'font-src': ["'self'"],
        'frame-ancestors': ["'self'", ...EMBED_ORIGINS],
        'media-src': [sources, 'blob:', 'mediastream:'],
        'style-src': ["'self'", "'unsafe-inline'"],
        // Would break plain http on a local network, where people try it first.
        'upgrade-insecure-requests': null,
      },
    },
    // It knows no other sites; `frame-ancestors` takes its place in every browser that can play a room.
    frameguard: false,
    // Whether the name is for https only is the proxy's to say.
    strictTransportSecurity: false,
  });
}

/** `'self'` is for sockets as well, and other origins are not. */
function socketOf(origin: string): string {
  return origin.replace(/^http/, 'ws');
}
