import { createHmac, createSecretKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';

/** Of an IPv6 address, the part that a provider gives to one customer at the least. */
const IPV6_PREFIX_BYTES = 8;
const KEY_LENGTH = 16;
const MAX_KNOWN = 10_000;
/** What some proxies write into `X-Forwarded-For`: an address with a port. */
const WITH_PORT = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;

/** Tells from which network a request comes, as a key that is the same on every node and does not reveal the address. */
export type NetworkReader = (req: IncomingMessage) => string;

/**
 * @param trustedProxies how many proxies in front of this server are believed
 * @param secret of the cluster: addresses can be recognised, and not read, in Redis
 */
export function createNetworkReader(trustedProxies: number, secret: string): NetworkReader {
  const key = createSecretKey(Buffer.from(secret));
  const isTrusted = (_address: string, hop: number) => hop < trustedProxies;
  // Of a flood from one address, all but the first are a look-up.
  const known = new Map<string, string>();
  return (req) => {
    const { remoteAddress = '' } = req.socket;
    const address = remoteAddress && trustedProxies > 0 ? proxyAddr(req, isTrusted) : remoteAddress;
    const before = known.get(address);
    if (before !== undefined) return before;
    const digest = createHmac('sha256', key)
      .update(`network ${toNetwork(address)}`)
      .digest('base64url');
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(address, digest.slice(0, KEY_LENGTH));
    return digest.slice(0, KEY_LENGTH);
  };
}

/**
 * The network of an address: an IPv4 address by itself, however it is written, and the /64 of an IPv6 address, within which one
 * machine can have any address that it likes. Whatever is no address is one network.
 */
export function toNetwork(address: string): string {
  const [, bracketed, dotted] = WITH_PORT.exec(address) ?? [];
  const bare = bracketed ?? dotted ?? address;
  if (!isIP(bare)) return 'unknown';
  const parsed = ipaddr.parse(bare);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const bytes = parsed.toByteArray();
  // All of IPv4 stands in one /64 of either: as a dual-stack socket shows it, and behind a translator (RFC 6052).
  const range = parsed.range();
  if (range === 'ipv4Mapped' || range === 'rfc6145' || range === 'rfc6052')
    return ipaddr.fromByteArray(bytes.slice(-4)).toString();
  const prefix = bytes.map((byte, index) => (index < IPV6_PREFIX_BYTES ? byte : 0));
  return `${ipaddr.fromByteArray(prefix).toString()}/64`;
}
