import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, variables } from './config.ts';
import { checkFiles, EXAMPLES } from './configFaults.ts';

const REDIS_URL = 'redis://localhost';
const KEY = 'k'.repeat(32);
const TURN = { TURN_URLS: 'turn:turn.example.org', TURN_SECRET: 's'.repeat(16) };

/** Environments that cannot work, and what the refusal says. */
const REFUSED: [env: Record<string, string>, fault: RegExp][] = [
  [{ PORT: 'many' }, /PORT: has to be a number from 0 to 65535; for example 3000/],
  [{ PORT: '65536' }, /PORT: has to be from 0 to 65535/],
  [{ PORT: '30.5' }, /PORT: has to be a whole number/],
  [{ HOST: 'http://localhost' }, /HOST: .*without a scheme/],
  [{ HOST: 'localhost:3000' }, /HOST: /],
  [{ METRICS_PORT: '3000' }, /METRICS_PORT: has to be another port than PORT; for example 9464/],
  [{ METRICS_HOST: '10.0.0.1' }, /METRICS_PORT: is needed for METRICS_HOST/],
  [{ PUBLIC_URL: 'tribune.example.org' }, /PUBLIC_URL: has to begin with https:\/\/.*example https:\/\/tribune/],
  [{ PUBLIC_URL: 'localhost:3000' }, /PUBLIC_URL: has to begin/],
  [{ PUBLIC_URL: 'wss://tribune.example.org' }, /PUBLIC_URL: has to begin/],
  [{ PUBLIC_URL: 'https//tribune.example.org' }, /PUBLIC_URL: has to begin/],
  [
    { PUBLIC_URL: 'https://tribune.example.org/live/' },
    /PUBLIC_URL: has to have another path than \/live, which is one of Trib/,
  ],
  [{ PUBLIC_URL: 'https://tribune.example.org//api/rooms' }, /PUBLIC_URL: has to have another path than \/api/],
  [{ PUBLIC_URL: 'https://tribune.example.org?x=1' }, /PUBLIC_URL: has to be without a \? and a #/],
  [{ PUBLIC_URL: 'https://tribune.example.org/rooms/#x' }, /PUBLIC_URL: has to be without a \? and a #/],
  [{ PUBLIC_URL: 'https://me:hunter2@tribune.example.org' }, /PUBLIC_URL: has to be without a name and a password/],
  [{ PUBLIC_URL: 'https://tribune example.org' }, /PUBLIC_URL: is no address/],
  [{ NODE_ORIGINS: '*.tribune.example.org' }, /NODE_ORIGINS: has to be origins that begin with https/],
  [{ EMBED_ORIGINS: "https://a.example.org; script-src 'unsafe-inline'" }, /EMBED_ORIGINS: has to be origins/],
  [{ EMBED_ORIGINS: 'https://*' }, /EMBED_ORIGINS: has to be origins/],
  [{ NODE_ID: 'node one' }, /NODE_ID: has to be of at most 64 letters/],
  [{ CLUSTER_ADDRESS: 'n1.internal' }, /CLUSTER_ADDRESS: has to be an IP address/],
  [{ CLUSTER_ADDRESS: '0.0.0.0' }, /CLUSTER_ADDRESS: has to be the address of this node alone/],
  [{ CLUSTER_ADDRESS: 'fd00::1' }, /CLUSTER_ADDRESS: is of another kind than MEDIA_LISTEN_ADDRESS.*for example/],
  [{ MEDIA_LISTEN_ADDRESS: '::', CLUSTER_ADDRESS: '10.0.0.1' }, /CLUSTER_ADDRESS: is of another kind/],
  [{ DRAIN_S: '-1' }, /DRAIN_S: has to be from 0 to 86400/],
  [{ DRAIN_S: '2147484' }, /DRAIN_S: has to be from 0 to 86400/],
  [{ REDIS_URL: 'localhost:6379' }, /REDIS_URL: has to begin with redis:/],
  [{ REDIS_URL: 'http://localhost:6379' }, /REDIS_URL: has to begin/],
  [{ REDIS_URL: 'redis://' }, /REDIS_URL: has to begin/],
  [{ REDIS_URL: 'redis://localhost:port' }, /REDIS_URL: has to begin/],
  [{ REDIS_URL: 'redis://localhost/tribune' }, /REDIS_URL: has to begin/],
  [{ REDIS_URL: 'redis+sentinel://' }, /REDIS_URL: has to begin/],
  [{ SECRET: 'hunter2' }, /SECRET: has to have at least 32 characters/],
  [{ ADMIN_KEY: 'hunter2' }, /ADMIN_KEY: has to have at least 32 characters/],
  [{ ADMIN_KEY: `${KEY} and more` }, /ADMIN_KEY: has to be of letters/],
  [{ ADMIN_KEY: KEY, SECRET: KEY }, /ADMIN_KEY: has to differ from SECRET/],
  [{ TRUST_PROXY: 'true' }, /TRUST_PROXY: has to be a number of 0 or more; for example 1/],
  [{ WORKERS: '0' }, /WORKERS: has to be of 1 or more/],
  [{ MEDIA_PORT: '65533', WORKERS: '4' }, /MEDIA_PORT: leaves no port for the last of WORKERS/],
  [{ MEDIA_PORT: '2998', WORKERS: '4' }, /PORT: is one of the media ports/],
  [{ MEDIA_PORT: '9460', WORKERS: '8', METRICS_PORT: '9464' }, /METRICS_PORT: is one of the media ports/],
  [{ MEDIA_PORT: '21999', WORKERS: '2' }, /MEDIA_PORT: reaches into the ports from 22000 to 31999/],
  [{ MEDIA_PORT: '40000', WORKERS: '2' }, /MEDIA_PORT: reaches into the ports from 40000 to 49999/],
  [{ MEDIA_LISTEN_ADDRESS: 'eth0' }, /MEDIA_LISTEN_ADDRESS: has to be one IP address/],
  [{ MEDIA_LISTEN_ADDRESS: '10.0.0.1,10.0.0.2' }, /MEDIA_LISTEN_ADDRESS: has to be one IP address/],
  [{ MEDIA_ANNOUNCED_ADDRESS: '0.0.0.0' }, /MEDIA_ANNOUNCED_ADDRESS: has to be an address that people reach/],
  [{ MEDIA_ANNOUNCED_ADDRESS: '203.0.113.7:20000' }, /MEDIA_ANNOUNCED_ADDRESS: .*without a scheme or a port/],
  [{ MEDIA_ANNOUNCED_ADDRESS: 'https://tribune.example.org' }, /MEDIA_ANNOUNCED_ADDRESS: .*without a scheme/],
  [{ MEDIA_ANNOUNCED_ADDRESS: '203.0.113.777' }, /MEDIA_ANNOUNCED_ADDRESS: /],
  [{ MEDIA_ANNOUNCED_ADDRESS: '2001:db8::7' }, /MEDIA_ANNOUNCED_ADDRESS: .*of a kind at which MEDIA_LISTEN_ADDRESS/],
  [{ ICE_SERVERS: '{' }, /ICE_SERVERS: has to be JSON/],
  [{ ICE_SERVERS: '{}' }, /ICE_SERVERS: has to be an array/],
  [{ ICE_SERVERS: '[{"url":"typo"}]' }, /ICE_SERVERS: /],
  [{ ICE_SERVERS: '[{"urls":"https://turn.example.org"}]' }, /ICE_SERVERS: /],
  [{ ICE_SERVERS: '[{"urls":"turn:turn.example.org"}]' }, /ICE_SERVERS: a TURN server needs/],
  [{ ICE_SERVERS: '[{"urls":["stun:stun.example.org","turn:turn.example.org"]}]' }, /ICE_SERVERS: a TURN server needs/],
  [{ TURN_URLS: TURN.TURN_URLS }, /TURN_SECRET: is needed for TURN_URLS/],
  [{ TURN_SECRET: TURN.TURN_SECRET }, /TURN_URLS: has to name the servers/],
  [{ ...TURN, TURN_URLS: 'turn.example.org:3478' }, /TURN_URLS: has to be addresses that begin with turn:/],
  [{ ...TURN, TURN_SECRET: 'short' }, /TURN_SECRET: has to have at least 16/],
  [{ LOG_LEVEL: 'verbose' }, /LOG_LEVEL: has to be one of fatal/],
  [{ MIX_PACKET_MS: '50' }, /MIX_PACKET_MS: has to be auto, 60 or 120/],
];

describe('the configuration', () => {
  it('has defaults for everything but the store', () => {
    expect(readConfig({ REDIS_URL })).toMatchObject({
      PORT: 3000,
      MEDIA_PORT: 20_000,
      MEDIA_ANNOUNCED_ADDRESS: ['127.0.0.1'],
      CLUSTER_ADDRESS: '127.0.0.1',
    });
    expect(() => readConfig({})).toThrow(/REDIS_URL: is missing; for example redis:/);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ REDIS_URL, PORT: '', PUBLIC_URL: '' }).PORT).toBe(3000);
  });

  it('names every variable at fault, and never a value', () => {
    const read = () => readConfig({ REDIS_URL, PORT: 'many', SECRET: 'hunter2', ICE_SERVERS: '{' });
    for (const name of ['PORT', 'SECRET', 'ICE_SERVERS']) expect(read).toThrow(name);
    expect(read).not.toThrow('hunter2');
  });

  it.each(REFUSED)('%j is refused with the variable, what is wrong and what would do', (env, fault) => {
    const read = () => readConfig({ REDIS_URL, ...env });
    expect(read).toThrow(fault);
    expect(read).toThrow('; for example ');
    expect(read).not.toThrow('hunter2');
  });

  it('has an example for every variable, which it takes', () => {
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(Object.keys(variables.shape).toSorted());
    const values = Object.entries(EXAMPLES).map(([name, example]) => {
      if (example.startsWith('what `openssl')) return [name, `${name}${KEY}`];
      // Some name a second one, or say when it would do.
      return [name, example.split(/ or | with |, once /)[0]];
    });
    expect(() => readConfig(Object.fromEntries(values))).not.toThrow();
  });

  it.each([
    'redis://localhost',
    'redis://:p%40ss@10.0.0.9:6379/1',
    'rediss://tribune:password@redis.example.org',
    '/run/redis.sock',
    'redis+sentinel://:password@host1,host2:26380/mymaster',
    'rediss+cluster://host1,host2',
  ])('takes a Redis at %s', (url) => {
    expect(readConfig({ REDIS_URL: url }).REDIS_URL).toBe(url);
  });

  it('takes the origin of a public address with the slash that browsers show', () => {
    expect(readConfig({ REDIS_URL, PUBLIC_URL: 'https://Tribune.example.org/' }).PUBLIC_URL).toBe(
      'https://tribune.example.org',
    );
  });

  it.each([
    ['https://example.org/rooms', '/rooms'],
    ['https://example.org/rooms/', '/rooms'],
    ['https://example.org//rooms//live//', '/rooms/live'],
    ['https://example.org/a/../Räume', '/R%C3%A4ume'],
  ])('takes a public address with a path: %s', (url, basePath) => {
    const config = readConfig({ REDIS_URL, PUBLIC_URL: url });
    expect(config).toMatchObject({ PUBLIC_URL: `https://example.org${basePath}`, basePath });
  });

  it('announces the address that it listens on when that is one', () => {
    const config = readConfig({ REDIS_URL, MEDIA_LISTEN_ADDRESS: '192.0.2.7' });
    expect(config.MEDIA_ANNOUNCED_ADDRESS).toEqual(['192.0.2.7']);
  });

  it('has IPv4 and IPv6 at once, and other nodes reach the one of their kind', () => {
    const both = { MEDIA_LISTEN_ADDRESS: '0.0.0.0, ::', MEDIA_ANNOUNCED_ADDRESS: '203.0.113.7, 2001:db8::7' };
    expect(readConfig({ REDIS_URL, ...both })).toMatchObject({
      MEDIA_LISTEN_ADDRESS: ['0.0.0.0', '::'],
      MEDIA_ANNOUNCED_ADDRESS: ['203.0.113.7', '2001:db8::7'],
      ...{ CLUSTER_ADDRESS: '203.0.113.7', relayListenAddress: '0.0.0.0' },
    });
    expect(readConfig({ REDIS_URL, ...both, CLUSTER_ADDRESS: 'fd00::1' }).relayListenAddress).toBe('::');
  });

  it('keeps names for later, when they are looked up', () => {
    const config = readConfig({ REDIS_URL, MEDIA_ANNOUNCED_ADDRESS: 'home.example.org' });
    expect(config).toMatchObject({ MEDIA_ANNOUNCED_ADDRESS: ['home.example.org'], CLUSTER_ADDRESS: null });
  });

  it('reads STUN and TURN servers from JSON, and TURN servers of a shared secret from a list', () => {
    const server = { urls: 'turn:turn.example.org', username: 'u', credential: 'c' };
    expect(readConfig({ REDIS_URL, ICE_SERVERS: JSON.stringify([server]) }).ICE_SERVERS).toEqual([server]);
    const { TURN_URLS } = readConfig({ REDIS_URL, ...TURN, TURN_URLS: 'turn:a.example.org, turns:b.example.org:443' });
    expect(TURN_URLS).toEqual(['turn:a.example.org', 'turns:b.example.org:443']);
  });
});

describe('the files that the configuration names', () => {
  it('are looked for at the start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tribune-config-test-'));
    try {
      const file = join(folder, 'file');
      await writeFile(file, 'no folder, no program');
      const env = { REDIS_URL, WEB_DIR: folder, MEDIASOUP_WORKER_BIN: file, DATA_DIR: join(file, 'data') };
      const check = checkFiles(readConfig(env));
      await expect(check).rejects.toThrow(/WEB_DIR: has no index.html.*; for example/);
      await expect(check).rejects.toThrow(/MEDIASOUP_WORKER_BIN: is no program that can be run/);
      await expect(check).rejects.toThrow(/DATA_DIR: cannot be written, and no SECRET is set/);
      await writeFile(join(folder, 'index.html'), '');
      const good = {
        REDIS_URL,
        WEB_DIR: folder,
        MEDIASOUP_WORKER_BIN: process.execPath,
        DATA_DIR: join(folder, 'new'),
      };
      await expect(checkFiles(readConfig(good))).resolves.toBeUndefined();
      const elsewhere = { ...good, DATA_DIR: env.DATA_DIR, SECRET: KEY };
      await expect(checkFiles({ ...readConfig(good), MEDIASOUP_WORKER_BIN: '/nowhere' })).rejects.toThrow(
        /for example/,
      );
      await expect(checkFiles(readConfig(elsewhere))).resolves.toBeUndefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
