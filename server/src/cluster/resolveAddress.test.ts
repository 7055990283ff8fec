import { isIPv4 } from 'node:net';
import { expect, it } from 'vitest';
import { resolveClusterAddress } from './resolveAddress.ts';

const LISTEN = { MEDIA_LISTEN_ADDRESS: '0.0.0.0', PUBLIC_URL: 'https://one.example.org' };

it('leaves an address as it is', async () => {
  expect(await resolveClusterAddress({ ...LISTEN, CLUSTER_ADDRESS: 'fd00::1' })).toBe('fd00::1');
});

it('makes an address of a name, of the kind that is listened on', async () => {
  expect(isIPv4(await resolveClusterAddress({ ...LISTEN, CLUSTER_ADDRESS: 'localhost' }))).toBe(true);
});

it('refuses a name that cannot be resolved where there are other nodes, and names the variable', async () => {
  const config = { ...LISTEN, CLUSTER_ADDRESS: 'nowhere.invalid' };
  await expect(resolveClusterAddress(config)).rejects.toThrow(/CLUSTER_ADDRESS.*nowhere\.invalid.*for example/s);
  expect(await resolveClusterAddress({ ...config, PUBLIC_URL: undefined })).toBe('nowhere.invalid');
});
