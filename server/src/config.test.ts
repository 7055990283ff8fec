import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const REDIS_URL = 'redis://localhost';

describe('the configuration', () => {
  it('has defaults for everything but the store', () => {
    expect(readConfig({ REDIS_URL })).toMatchObject({
      PORT: 3000,
      MEDIA_PORT: 20_000,
      MEDIA_ANNOUNCED_ADDRESS: '127.0.0.1',
    });
    expect(() => readConfig({})).toThrow('REDIS_URL');
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ REDIS_URL, PORT: '', PUBLIC_URL: '' }).PORT).toBe(3000);
  });

  it('names every variable at fault, and never a value', () => {
    const read = () => readConfig({ REDIS_URL, PORT: 'many', SECRET: 'hunter2', ICE_SERVERS: '{' });
    for (const name of ['PORT', 'SECRET', 'ICE_SERVERS']) expect(read).toThrow(name);
    expect(read).not.toThrow('hunter2');
  });

  it('announces the address that it listens on when that is one', () => {
    const config = readConfig({ REDIS_URL, MEDIA_LISTEN_ADDRESS: '192.0.2.7' });
    expect(config.MEDIA_ANNOUNCED_ADDRESS).toBe('192.0.2.7');
  });

  it('reads TURN servers from JSON', () => {
    const server = { urls: 'turn:turn.example.org', username: 'u', credential: 'c' };
    expect(readConfig({ REDIS_URL, ICE_SERVERS: JSON.stringify([server]) }).ICE_SERVERS).toEqual([server]);
    expect(() => readConfig({ REDIS_URL, ICE_SERVERS: '[{"url":"typo"}]' })).toThrow('ICE_SERVERS');
  });

  it('refuses an address of the cluster that no port is bound to, and says which would do', () => {
    const env = { REDIS_URL: 'redis://localhost', MEDIA_LISTEN_ADDRESS: '::', CLUSTER_ADDRESS: '10.0.0.1' };
    expect(() => readConfig(env)).toThrow(/CLUSTER_ADDRESS.*for example/);
    expect(readConfig({ ...env, CLUSTER_ADDRESS: 'fd00::1' }).CLUSTER_ADDRESS).toBe('fd00::1');
  });
});
