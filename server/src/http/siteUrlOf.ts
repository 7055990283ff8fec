import type { Request } from 'express';

/**
 * Where the site is, as the visitor has it by what the proxies in front say, without a slash at its end; null where that is no address.
 */
export function siteUrlOf({ protocol, host }: Pick<Request, 'protocol' | 'host'>, basePath: string): string | null {
  const origin = `${protocol}://${host}`;
  return URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase() ? origin + basePath : null;
}
