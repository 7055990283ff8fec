import type { IceCandidate } from 'mediasoup/types';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AnnouncedAddresses } from './AnnouncedAddresses.ts';

const logger = pino({ level: 'silent' });
const PORT = 20_000;

function bound(address: string, protocol: 'udp' | 'tcp' = 'udp'): IceCandidate {
  const foundation = `${protocol}candidate`;
  return { ...{ address, ip: address, protocol, foundation, port: PORT }, priority: 1_076_302_079, type: 'host' };
}

async function announce(announced: string[], ...candidates: IceCandidate[]): Promise<IceCandidate[]> {
  const listen = candidates.map(({ address }) => address);
  const addresses = await AnnouncedAddresses.create({ announced, listen, logger });
  return addresses.announce(candidates);
}

describe('announced addresses', () => {
  it('take the place of those that ports are bound to, each with the ports of its kind', async () => {
    const both = ['203.0.113.7', '2001:db8::7'];
    const told = await announce(both, bound('0.0.0.0'), bound('0.0.0.0', 'tcp'), bound('::'), bound('::', 'tcp'));
    expect(told.map(({ address, protocol }) => `${protocol} ${address}`)).toEqual([
      ...['udp 203.0.113.7', 'tcp 203.0.113.7'],
      ...['udp 2001:db8::7', 'tcp 2001:db8::7'],
    ]);
    expect(new Set(told.map(({ foundation }) => foundation)).size).toBe(4);
  });

  it('are all of one port where `::` takes both kinds', async () => {
    const told = await announce(['203.0.113.7', '2001:db8::7'], bound('::'));
    expect(told.map(({ address }) => address)).toEqual(['203.0.113.7', '2001:db8::7']);
    expect(told[0]!.priority).toBeGreaterThan(told[1]!.priority);
  });

  it('are addresses and never names, which Firefox does not take', async () => {
    const told = await announce(['localhost'], bound('0.0.0.0'));
    expect(told.map(({ address, ip }) => [address, ip])).toEqual([['127.0.0.1', '127.0.0.1']]);
  });

  it('follow a name to other addresses, and stay where a name server does not answer', async () => {
    let answer: string[] | null = ['198.51.100.2', '198.51.100.1'];
    const lookup = () =>
      answer ? Promise.resolve(answer.map((address) => ({ address }))) : Promise.reject(new Error('SERVFAIL'));
    const addresses = await AnnouncedAddresses.create({
      announced: ['home.example.org'],
      listen: ['0.0.0.0'],
      logger,
      lookup,
    });
    const told = () => addresses.announce([bound('0.0.0.0')]).map(({ address }) => address);
    expect(told()).toEqual(['198.51.100.1', '198.51.100.2']);
    answer = ['203.0.113.9'];
    await addresses.refresh();
    expect(told()).toEqual(['203.0.113.9']);
    answer = null;
    await addresses.refresh();
    expect(told()).toEqual(['203.0.113.9']);
    addresses.close();
  });

  it('are refused at the start where a name leads nowhere', async () => {
    const listen = ['0.0.0.0'];
    const options = { announced: ['nowhere.example.org'], listen, logger };
    const fault = /MEDIA_ANNOUNCED_ADDRESS: has a name that leads to no address.*; for example/;
    const missing = AnnouncedAddresses.create({ ...options, lookup: () => Promise.reject(new Error('ENOTFOUND')) });
    await expect(missing).rejects.toThrow(fault);
    const otherKind = () => Promise.resolve([{ address: '2001:db8::7' }]);
    await expect(AnnouncedAddresses.create({ ...options, lookup: otherKind })).rejects.toThrow(fault);
  });
});
