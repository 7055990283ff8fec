import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.ts';

interface SecurityHeadersOptions {
  readonly config: Pick<Config, 'PUBLIC_URL' | 'NODE_ORIGINS' | 'EMBED_ORIGINS'>;
  /** Of the nodes that are known now, this one included where it has one. */
  readonly nodeUrls: () => readonly string[];
}

/**
 * What every answer says to browsers. `web/nginx.conf`, which serves the page in containers, says the same; a test compares them.
 * Pages connect to the nodes of the cluster and to nothing else. Where NODE_ORIGINS is unset and there are other nodes, a page may open
 * sockets anywhere: a node that comes later has to be reached from it.
 */
export function securityHeaders({ config, nodeUrls }: SecurityHeadersOptions): RequestHandler {
  const { PUBLIC_URL, NODE_ORIGINS, EMBED_ORIGINS = [] } = config;
  const own = PUBLIC_URL && new URL(PUBLIC_URL).origin;
  // An element of a directive is one source or several.
  const sources = () => {
    const origins = NODE_ORIGINS ?? [
      ...new Set([...(own ? [own] : []), ...nodeUrls().map((url) => new URL(url).origin)]),
    ];
    const mayBeMore = NODE_ORIGINS === undefined && origins.some((origin) => origin !== own);
    return ["'self'", ...origins, ...(mayBeMore ? ['ws:', 'wss:'] : origins.map(socketOf))].join(' ');
  };
  const setHeaders = helmet({
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
  // They change with the nodes alone: put together once for each set of them, and not for each request.
  let known: { readonly urls: string; readonly headers: readonly (readonly [string, string])[] } | null = null;
  return (req, res, next) => {
    const urls = nodeUrls().join(' ');
    if (known?.urls === urls) {
      for (const [name, value] of known.headers) res.setHeader(name, value);
      return next();
    }
    const before = new Set(res.getHeaderNames());
    setHeaders(req, res, (error?: unknown) => {
      const names = res.getHeaderNames().filter((name) => !before.has(name));
      known = { urls, headers: names.map((name) => [name, String(res.getHeader(name))]) };
      next(error);
    });
  };
}

/** `'self'` is for sockets as well, and other origins are not. */
function socketOf(origin: string): string {
  return origin.replace(/^http/, 'ws');
}
