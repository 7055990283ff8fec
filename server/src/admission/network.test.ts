import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { createNetworkReader, toNetwork } from './network.ts';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['::FFFF:CB00:7107', '203.0.113.7'],
  ['64:ff9b::203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:51234', '203.0.113.7'],
  ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2:3:4:5:6]', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['fe80::2', 'fe80::/64'],
  ['::1', '::/64'],
  ['127.0.0.1', '127.0.0.1'],
  ['', 'unknown'],
  ['unknown', 'unknown'],
  ['not an address', 'unknown'],
  ['203.0.113', 'unknown'],
  ['203.0.113.999', 'unknown'],
  ['0xcb.0.113.7', 'unknown'],
  ['203', 'unknown'],
])('the network of %j is %s', (address, network) => {
  expect(toNetwork(address)).toBe(network);
});

function request(remoteAddress: string | undefined, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

it('an address that a client claims is believed from as many proxies as are trusted, and no further', () => {
  const keyOf = (trusted: number, forwarded?: string) =>
    createNetworkReader(trusted, 'secret')(request('10.0.0.1', forwarded));
  const direct = createNetworkReader(0, 'secret');
  expect(keyOf(0, '203.0.113.7')).toBe(direct(request('10.0.0.1')));
  expect(keyOf(1, '203.0.113.7')).toBe(direct(request('203.0.113.7')));
  expect(keyOf(1, '198.51.100.1, 203.0.113.7')).toBe(direct(request('203.0.113.7')));
  expect(keyOf(2, '198.51.100.1, 203.0.113.7')).toBe(direct(request('198.51.100.1')));
  expect(keyOf(1)).toBe(direct(request('10.0.0.1')));
});

it('a key is the same on nodes with one secret, and does not reveal the address', () => {
  const req = request('203.0.113.7');
  expect(createNetworkReader(0, 'a')(req)).toBe(createNetworkReader(0, 'a')(req));
  expect(createNetworkReader(0, 'a')(req)).not.toBe(createNetworkReader(0, 'b')(req));
  expect(createNetworkReader(0, 'a')(req)).toMatch(/^[\w-]{16}$/);
});

it('a connection that is gone already, or comes through no network, counts as unknown', () => {
  expect(createNetworkReader(1, 'a')(request(undefined, '203.0.113.7'))).toBe(createNetworkReader(0, 'a')(request('')));
});
