import type { Request } from 'express';

/** As the visitor has it, by what the proxies in front say; null where that is no origin. */
export function originOf({ protocol, host }: Pick<Request, 'protocol' | 'host'>): string | null {
  const origin = `${protocol}://${host}`;
  return URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase() ? origin : null;
}
