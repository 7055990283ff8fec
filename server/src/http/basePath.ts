import type { IncomingMessage, Server } from 'node:http';

/**
 * Lets everything of a server be below the path of PUBLIC_URL. Requests may come with that path, or without it where a proxy in front
 * takes it off. To be called when nothing else that listens is still to come: it has to be the first to see a request.
 */
export function mountBelow(basePath: string, server: Server): void {
  if (basePath === '') return;
  const mount = (req: IncomingMessage) => {
    req.url = withoutBasePath(req.url ?? '/', basePath);
  };
  server.prependListener('request', mount);
  server.prependListener('upgrade', mount);
}

/** @param basePath without a slash at its end, and percent-encoded, as browsers send it; proxies may write the same in other ways */
export function withoutBasePath(url: string, basePath: string): string {
  const end = url.search(/[?#]|$/);
  const [path, rest] = [url.slice(0, end).replace(/^\/{2,}/, '/'), url.slice(end)];
  const depth = basePath.split('/').length;
  const parts = path.split('/');
  const isBelow = decode(parts.slice(0, depth).join('/')) === decode(basePath);
  return isBelow ? `/${parts.slice(depth).join('/').replace(/^\/+/, '')}${rest}` : url;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path).normalize();
  } catch {
    return path;
  }
}
