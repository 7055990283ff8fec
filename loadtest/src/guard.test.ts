import { describe, expect, it } from 'vitest';
import { createGuard, isLoopback, RefusedHostError } from './guard.ts';

const names: Record<string, string[]> = {
  localhost: ['127.0.0.1', '::1'],
  '127.0.0.1': ['127.0.0.1'],
  '::1': ['::1'],
  'half.example': ['127.0.0.1', '192.0.2.1'],
  'radio.example': ['192.0.2.1'],
  '192.0.2.1': ['192.0.2.1'],
};
const resolve = async (hostname: string) => names[hostname] ?? [];

describe('the guard', () => {
  const guard = createGuard(false, resolve);

  it.each(['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:3000'])('lets %s pass', async (url) => {
    await expect(guard(url)).resolves.toBeUndefined();
  });

  it.each(['https://radio.example', 'http://192.0.2.1:3000', 'http://half.example', 'http://nowhere.example'])(
    'refuses %s',
    async (url) => {
      await expect(guard(url)).rejects.toThrow(RefusedHostError);
    },
  );

  it('says how to go on', async () => {
    await expect(guard('https://radio.example')).rejects.toThrow('--i-own-this-host');
  });

  it('lets everything pass that its caller vouches for', async () => {
    await expect(createGuard(true, resolve)('https://radio.example')).resolves.toBeUndefined();
  });
});

describe('isLoopback', () => {
  it('knows the whole of 127/8 and nothing beside it', () => {
    expect(isLoopback('127.0.0.1')).toBe(true);
    expect(isLoopback('127.255.255.254')).toBe(true);
    expect(isLoopback('128.0.0.1')).toBe(false);
    expect(isLoopback('10.0.0.1')).toBe(false);
    expect(isLoopback('::1')).toBe(true);
    expect(isLoopback('fe80::1')).toBe(false);
  });
});
