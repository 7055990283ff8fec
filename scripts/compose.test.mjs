import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig, variables } from '../server/src/config.ts';
import { securityHeaders } from '../server/src/http/securityHeaders.ts';
import { BASE_TAG, PREVIEW_MARK } from '../server/src/preview/previewTags.ts';
import { NginxSite } from './lib/nginxSite.mjs';
import { root } from './lib/paths.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');
const text = read('docker-compose.yml');
const { services, volumes } = parse(text);
/** Of these a part of the checkout is installed. */
const images = Object.entries(services).filter(([name]) => ['server', 'web'].includes(name));
/** Defaults of the server, for what compose has to agree with. */
const defaults = variables.parse({ REDIS_URL: 'redis://localhost' });

/** [variable, default] of every `${…}` in the file. */
const interpolations = [...text.matchAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g)].map(([, name, kind, value]) => ({
  name,
  fallback: kind === '-' ? value : undefined,
}));
const example = new Map([...read('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

/** Instructions of a Dockerfile as [name, rest], with lines joined that end in a backslash. */
function instructions(path) {
  return read(path)
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => /^(\w+)\s+(.*)$/.exec(line).slice(1));
}

/** Folder of a workspace, and those of all workspaces that it depends on. */
function withDependencies(workspace) {
  const { dependencies = {} } = JSON.parse(read(join(workspace, 'package.json')));
  const own = Object.keys(dependencies).filter((name) => name.startsWith('@tribune/'));
  return [workspace, ...own.flatMap((name) => withDependencies(name.replace('@tribune/', '')))];
}

/** First and last port of `20000-20007` or `20000`. */
function portRange(ports) {
  const [first, last = first] = ports.split('-').map(Number);
  return { first, last };
}

describe('docker-compose.yml', () => {
  test('has Redis, server, page, cache of live rooms and TURN', () => {
    expect(Object.keys(services).sort()).toEqual(['live-cache', 'redis', 'server', 'turn', 'web']);
  });

  test('takes from .env only what .env.example has', () => {
    const unknown = interpolations.filter(({ name }) => !example.has(name));
    expect(unknown).toEqual([]);
  });

  test('has the defaults that .env.example shows', () => {
    for (const { name, fallback } of interpolations) {
      expect([undefined, example.get(name)], name).toContain(fallback);
    }
  });

  test('sets only variables that the server reads, to values that it takes', () => {
    const { environment } = services.server;
    const known = [...Object.keys(variables.shape), 'NODE_EXTRA_CA_CERTS'];
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    const secrets = { REDIS_PASSWORD: 'secret1', TURN_SECRET: 'secret of 16 letters' };
    const resolved = Object.entries(environment).map(([name, value]) => [
      name,
      String(value).replace(/\$\{(\w+)[^}]*\}/g, (_all, variable) => secrets[variable] ?? example.get(variable)),
    ]);
    const parsed = readConfig(Object.fromEntries(resolved));
    expect(parsed.REDIS_URL).toBe('rediss://tribune:secret1@redis:6379');
    expect(parsed.TURN_URLS).toEqual(['turn:localhost:3478?transport=udp', 'turn:localhost:3478?transport=tcp']);
    expect(parsed.TURN_SECRET).toBe(secrets.TURN_SECRET);
  });

  test('publishes the media ports of the server as they are, UDP and TCP, enough for the workers', () => {
    const published = services.server.ports.map((entry) => /^([\d-]+):([\d-]+)\/(udp|tcp)$/.exec(entry).slice(1));
    expect(published.map(([, , protocol]) => protocol).sort()).toEqual(['tcp', 'udp']);
    for (const [outside, inside] of published) {
      expect(outside).toBe(inside);
      expect(portRange(outside).first).toBe(defaults.MEDIA_PORT);
      const count = portRange(outside).last - portRange(outside).first + 1;
      expect(read('.env.example')).toContain(`at most ${count}`);
    }
  });

  test('publishes neither the port of the server nor that of the metrics', () => {
    const inside = [defaults.PORT, services.server.environment.METRICS_PORT];
    for (const { ports = [] } of Object.values(services))
      for (const published of ports.map((entry) => portRange(entry.split(':').at(-1).split('/')[0])))
        for (const port of inside) expect(port < published.first || port > published.last).toBe(true);
  });

  test('publishes nothing of Redis, and hands it what its script reads and its certificate to the server', () => {
    expect(services.redis.ports).toBeUndefined();
    const script = read('deploy/redis/start.sh');
    for (const name of Object.keys(services.redis.environment)) expect(script).toMatch(new RegExp(`^# ${name} `, 'm'));
    for (const option of ['--port 0 ', '--appendonly yes', '--maxmemory-policy noeviction'])
      expect(script).toContain(option);
    expect(services.redis.volumes).toContain('redis-tls:/tls');
    expect(services.server.volumes).toContain('redis-tls:/redis-tls:ro');
    expect(services.server.environment.NODE_EXTRA_CA_CERTS).toBe('/redis-tls/ca.crt');
  });

  test('publishes the ports that TURN relays from, to the media ports of the server and with its secret', () => {
    const { RELAY_PORTS, MEDIA_PORTS, TURN_SECRET, MEDIA_ADDRESS } = services.turn.environment;
    expect(services.turn.ports).toContain(`${RELAY_PORTS}:${RELAY_PORTS}/udp`);
    expect(services.server.ports).toContain(`${MEDIA_PORTS}:${MEDIA_PORTS}/udp`);
    expect(services.server.environment.TURN_SECRET).toContain(TURN_SECRET.slice(2, -1));
    expect(MEDIA_ADDRESS).toBe(services.server.environment.MEDIA_ANNOUNCED_ADDRESS);
  });

  test('lets TURN have the firewall of its container, and hands it only variables that its script reads', () => {
    const script = read('deploy/coturn/start.sh');
    expect(services.turn.cap_add).toEqual(['NET_ADMIN']);
    for (const name of Object.keys(services.turn.environment)) expect(script).toMatch(new RegExp(`^# ${name} `, 'm'));
    expect(instructions(services.turn.build.dockerfile).at(-1)).toEqual(['CMD', '["sh", "/opt/coturn/start.sh"]']);
    const conf = read('deploy/coturn/turnserver.conf').split('\n');
    for (const line of ['use-auth-secret', 'no-tcp-relay', 'denied-peer-ip=0.0.0.0-255.255.255.255'])
      expect(conf).toContain(line);
  });

  test('names volumes that it declares, at folders that the images use', () => {
    for (const service of Object.values(services)) {
      for (const volume of service.volumes ?? []) {
        const [source] = volume.split(':');
        // A volume, or a file of the checkout.
        expect(source in volumes || existsSync(join(root, source)), source).toBe(true);
      }
    }
    expect(services.server.volumes).toContain('server-data:/data');
    expect(read('server/Dockerfile')).toContain('DATA_DIR=/data');
  });

  test('waits only for services that have a health check', () => {
    for (const service of Object.values(services)) {
      for (const name of Object.keys(service.depends_on ?? {})) {
        const { build, healthcheck } = services[name];
        expect(healthcheck ?? (build && read(build.dockerfile)).includes('HEALTHCHECK')).toBeTruthy();
      }
    }
  });
});

describe.each(images)('the image of %s', (_name, { build }) => {
  const steps = instructions(build.dockerfile);

  test('copies only what is in the checkout and not left out of the build', () => {
    expect(statSync(join(root, build.context)).isDirectory()).toBe(true);
    const sources = steps
      .filter(([name, rest]) => name === 'COPY' && !rest.startsWith('--from'))
      .flatMap(([, rest]) => rest.split(/\s+/).slice(0, -1));
    expect(sources.length).toBeGreaterThan(0);
    const left = read('.dockerignore').split('\n').filter(Boolean);
    for (const source of sources) {
      expect(existsSync(join(root, build.context, source)), source).toBe(true);
      expect(left).not.toContain(normalize(source));
    }
  });

  test('copies the package.json of the workspace that it installs and of those that this needs, from stages that exist', () => {
    const copied = steps.filter(([name]) => name === 'COPY').map(([, rest]) => rest);
    const [, installed] = /npm ci --workspace (\w+)/.exec(read(build.dockerfile));
    for (const workspace of withDependencies(installed)) {
      expect(copied).toContain(`${workspace}/package.json ${workspace}/`);
    }
    const stages = steps.filter(([name]) => name === 'FROM').map(([, rest]) => / AS (\w+)$/.exec(rest)?.[1]);
    for (const rest of copied) {
      const from = /^--from=(\w+)/.exec(rest)?.[1];
      expect([undefined, ...stages]).toContain(from);
    }
  });
});

test('the image of the server sets only variables that it reads, and starts a file that exists', () => {
  const steps = instructions('server/Dockerfile');
  const names = steps
    .filter(([name]) => name === 'ENV')
    .flatMap(([, rest]) => [...rest.matchAll(/(\w+)=/g)].map((m) => m[1]));
  for (const name of names) expect([...Object.keys(variables.shape), 'NODE_ENV']).toContain(name);
  const [, command] = steps.findLast(([name]) => name === 'CMD');
  expect(existsSync(join(root, JSON.parse(command)[1]))).toBe(true);
  const [, exposed] = steps.find(([name]) => name === 'EXPOSE');
  expect(exposed).toBe(`${defaults.PORT} 20000-20007/udp 20000-20007/tcp`);
});

describe('web/nginx.conf', () => {
  const conf = read('web/nginx.conf');
  const locations = [...conf.matchAll(/location (?:[=~] )?(\S+) \{\s*(?:internal;\s*)?proxy_pass/g)].map(
    (match) => match[1],
  );

  test('passes the interface on, and nothing else', () => {
    expect(locations.toSorted()).toEqual([
      '/api/',
      '/live/',
      '/preview/',
      '/socket.io/',
      '^/r/[\\w-]+(/replay|/clip/[\\w-]+)?/preview\\.png$',
    ]);
    expect(read('web/nodes.conf')).toContain(`http://server:${defaults.PORT};`);
    expect(services.web.ports).toEqual([`\${PORT:-${defaults.PORT}}:80`]);
  });

  test.each([
    ['one origin', {}, { CONNECT_SOURCES: '', FRAME_SOURCES: '' }],
    [
      'nodes of other origins, and a site that shows rooms',
      { NODE_ORIGINS: ['https://*.tribune.example.org'], EMBED_ORIGINS: ['https://www.example.org'] },
      {
        CONNECT_SOURCES: 'https://*.tribune.example.org wss://*.tribune.example.org',
        FRAME_SOURCES: 'https://www.example.org',
      },
    ],
  ])('says with the page what the server says: %s', async (_name, config, environment) => {
    const say = securityHeaders({ config, nodeUrls: () => [] });
    const listening = createServer((req, res) => say(req, res, () => res.end())).listen(0);
    const answer = await fetch(`http://localhost:${listening.address().port}`);
    listening.close();
    const filled = conf.replace(/\$\{(\w+)\}/g, (_all, name) => environment[name]);
    const headers = [...filled.matchAll(/add_header (\S+) "?([^"\n]*?)"? always;/g)].map(([, ...pair]) => pair);
    expect(headers.map(([name]) => name)).toContain('Content-Security-Policy');
    for (const [name, value] of headers)
      expect([name, sourcesOf(answer.headers.get(name))]).toEqual([name, sourcesOf(value)]);
  });

  test('has the node put the tags of a room where the page has a place for them', () => {
    expect(read('web/index.html')).toContain(PREVIEW_MARK);
    const [, variable] = /\$(\w+)"/.exec(PREVIEW_MARK);
    expect(conf).toMatch(new RegExp(`ssi on;[^}]*set \\$${variable} \\$uri;`));
  });

  test('puts the path below which the page is where the page has a place for it', () => {
    expect(read('web/index.html')).toContain(BASE_TAG);
    expect(conf).toContain(`sub_filter '${BASE_TAG}' '${BASE_TAG.replace('"/"', '"${BASE_PATH}/"')}';`);
  });

  const canRun = spawnSync('which', ['nginx']).status === 0;
  test.runIf(canRun).each(['', '/rooms', '/s\u00E4le/live'])('serves page and interface below "%s"', async (path) => {
    const site = await NginxSite.create(conf, BASE_TAG, { BASE_PATH: path, CONNECT_SOURCES: '', FRAME_SOURCES: '' });
    try {
      // As a proxy leaves it, and as one takes the path off.
      for (const prefix of new Set([path, ''])) {
        for (const page of ['/', '/r/some-room-there-is', '/r/some-room-there-is/replay'])
          expect(await site.read(prefix + page)).toBe(`<base href="${path}/" />`);
        expect(await site.read(`${prefix}/assets/x.js`)).toBe('// x');
        expect(await site.read(`${prefix}/api/rooms?x=%20y`)).toBe('/api/rooms?x=%20y');
        expect(await site.read(`${prefix}/socket.io/?EIO=4`)).toBe('/socket.io/?EIO=4');
        expect(await site.read(`${prefix}/live/ID/index.m3u8`)).toBe('/live/ID/index.m3u8');
        expect(await site.read(`${prefix}/r/ID/preview.png`)).toBe('/r/ID/preview.png');
        expect(await site.read(`${prefix}/metrics`)).toContain('404');
      }
      // Without the slash at its end.
      expect(await site.read(path)).toBe(`<base href="${path}/" />`);
    } finally {
      await site.close();
    }
  });

  test('takes from the environment only what its image has', () => {
    const [, names] = /^ENV (.*)$/m.exec(read('web/Dockerfile'));
    const used = new Set([...conf.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect(names.split(' ').map((pair) => pair.replace('=', ''))).toEqual([...used].toSorted());
    expect(Object.keys(services.web.environment).filter((name) => !used.has(name))).toEqual([]);
  });
});

/** Directives in any order, with any spaces. */
function sourcesOf(header) {
  return header
    .split(';')
    .map((directive) => directive.trim().replaceAll(/ +/g, ' '))
    .toSorted();
}

test('.ci/run and what it calls are there', () => {
  expect(statSync(join(root, '.ci', 'run')).mode & 0o111).toBeTruthy();
  for (const [path] of read('.ci/run').matchAll(/\.ci\/\w+\.mjs/g))
    expect(existsSync(join(root, dirname(path)))).toBe(true);
});
