import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';

/** Lets a URL pass, or throws. */
export type Guard = (url: string) => Promise<void>;

/** The load test was pointed at a machine that it may not load. */
export class RefusedHostError extends Error {
  override readonly name = 'RefusedHostError';
}

type Resolve = (hostname: string) => Promise<readonly string[]>;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Keeps the load test off other people's servers: only names that resolve to nothing but loopback addresses (RFC 1122,
 * section 3.2.1.3; RFC 4291, section 2.5.3) pass, unless the caller vouches for the host.
 * @param ownHost what `--i-own-this-host` says.
 */
export function createGuard(ownHost: boolean, resolve: Resolve = resolveAll): Guard {
  const passed = new Set<string>();
  return async (url) => {
    const { hostname } = new URL(url);
    if (ownHost || passed.has(hostname)) return;
    const addresses = await resolve(hostname.replace(/^\[|\]$/g, '')).catch(() => []);
    if (addresses.length === 0) throw new RefusedHostError(`${hostname} does not resolve`);
    const other = addresses.find((address) => !isLoopback(address));
    if (other !== undefined) throw new RefusedHostError(refusal(hostname, other));
    passed.add(hostname);
  };
}

export function isLoopback(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

async function resolveAll(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

function refusal(hostname: string, address: string): string {
  const which = hostname === address ? hostname : `${hostname} (${address})`;
  return `${which} is another machine. A load test harms a server that is not prepared for it; repeat with --i-own-this-host if it is yours.`;
}
