import { isIP } from 'node:net';
import { z } from 'zod';

const HOST_NAME = /^(?=.{1,253}$)(?!-)[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63})*$/i;
const ICE_SCHEME = /^(?:stuns?|turns?):[^\s]+$/;

/** Below one of these, nobody could tell what a proxy has taken off the front of a path from what it has not. */
const OWN_PATHS = ['api', 'assets', 'cluster', 'healthz', 'live', 'metrics', 'preview', 'r', 'readyz', 'socket.io'];

/** A number, refused in words that name its range. */
export function number(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  return z.coerce.number(`has to be a number ${range}`).min(min, `has to be ${range}`).max(max, `has to be ${range}`);
}

/** The same without a fraction. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  return number(min, max).int('has to be a whole number');
}

export const port = whole(0, 65_535);

/** What every request may carry in a header, and nobody guesses. */
export const secret = z.string().min(32, 'has to have at least 32 characters');

/** An origin, or a path below it where other sites are beside this one; what else an address can have would lead people to nothing. */
export const publicUrl = z.string().transform((text, context) => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  if (!/^https?:\/\//i.test(text)) return refuse('has to begin with https:// or http://');
  if (!URL.canParse(text)) return refuse('is no address');
  const { origin: parsed, pathname, search, hash, username, password } = new URL(text);
  if (username || password) return refuse('has to be without a name and a password');
  if (search || hash) return refuse('has to be without a ? and a #');
  const path = pathname.replaceAll(/\/{2,}/g, '/').replace(/\/$/, '');
  const first = path.split('/')[1] ?? '';
  if (OWN_PATHS.includes(first))
    return refuse(`has to have another path than /${first}, which is one of Tribune itself`);
  return parsed + path;
});

/** Origins with commas between, as sources of a Content-Security-Policy: `https://*.example.org` stands for every name below. */
export const originPatterns = z.string().transform((text, context) => {
  const origins = split(text).map((given) => given.replace(/\/$/, '').toLowerCase());
  const isOrigin = (given: string) => /^https?:\/\/(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)*(?::(?:\d{1,5}|\*))?$/.test(given);
  if (origins.length > 0 && origins.every(isOrigin)) return origins;
  context.addIssue({
    code: 'custom',
    message: 'has to be origins that begin with https:// or http://, with commas between',
  });
  return z.NEVER;
});

/** `redis://`, `rediss://`, the path of a socket, or several servers: see `connectRedis`. */
export const redisUrl = z.string('is missing').refine((text) => {
  if (text.startsWith('/')) return true;
  if (/^rediss?\+(?:sentinel|cluster):\/\/(?:[^@/]*@)?[^/@\s]+(?:\/\S+)?$/.test(text)) return true;
  if (!/^rediss?:\/\/./.test(text) || !URL.canParse(text)) return false;
  const { hostname, pathname } = new URL(text);
  return hostname !== '' && /^(?:\/\d*)?$/.test(pathname);
}, 'has to begin with redis:// or rediss:// and name a host, or be the path of a socket');

/** Of PostgreSQL. */
export const postgresUrl = z
  .string()
  .refine((text) => /^postgres(?:ql)?:\/\/./.test(text) && URL.canParse(text), 'has to begin with postgres://');

/** Of a bucket of an S3 API. */
export const bucketUrl = z
  .string()
  .refine((text) => /^https?:\/\/./.test(text) && URL.canParse(text), 'has to begin with https:// or http://');

/** Of this machine, or of one that people reach. */
export const host = z.string().refine((text) => isIP(text) !== 0 || HOST_NAME.test(text), {
  message: 'has to be an address or a name alone, without a scheme or a port',
});

/** One IP address of each kind, with a comma between. */
export const listenAddresses = z.string().transform((text, context) => {
  const addresses = split(text);
  const kinds = addresses.map(isIP);
  if (addresses.length > 0 && !kinds.includes(0) && new Set(kinds).size === kinds.length) return addresses;
  context.addIssue({
    code: 'custom',
    message: 'has to be one IP address, or one of IPv4 and one of IPv6 with a comma between',
  });
  return z.NEVER;
});

/** IP addresses and names, with commas between. */
export const announcedAddresses = z.string().transform((text, context) => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const addresses = split(text);
  if (addresses.length === 0) return refuse('has to name an address');
  if (addresses.some((address) => isUnspecified(address)))
    return refuse('has to be an address that people reach, not all of them');
  if (addresses.some((address) => !isIP(address) && (!HOST_NAME.test(address) || /^[\d.]+$/.test(address))))
    return refuse('has to be addresses or names alone, without a scheme or a port, with commas between');
  return addresses;
});

/** STUN and TURN servers, as browsers take them: they refuse a connection altogether for one that is not right. */
export const iceServers = z
  .string()
  .transform((json, context) => {
    try {
      return JSON.parse(json) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'has to be JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.array(
      z
        .strictObject({
          urls: z.union([iceUrl(), z.array(iceUrl()).min(1)]),
          username: z.string().optional(),
          credential: z.string().optional(),
        })
        .refine(
          ({ urls, username, credential }) =>
            ![urls].flat().some((url) => url.startsWith('turn')) ||
            (username !== undefined && credential !== undefined),
          'a TURN server needs `username` and `credential`',
        ),
      'has to be an array',
    ),
  );

/** TURN servers that take time-limited credentials, with commas between. */
export const turnUrls = z.string().transform((text, context) => {
  const urls = split(text);
  if (urls.length > 0 && urls.every((url) => /^turns?:[^\s]+$/.test(url))) return urls;
  context.addIssue({
    code: 'custom',
    message: 'has to be addresses that begin with turn: or turns:, with commas between',
  });
  return z.NEVER;
});

export function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || (isIP(address) === 6 && /^[0:]+$/.test(address));
}

function iceUrl() {
  return z.string().regex(ICE_SCHEME, 'has to begin with stun:, turn: or turns:');
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
