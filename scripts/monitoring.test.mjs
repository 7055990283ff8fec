// Keeps the dashboard and the alerts true: a metric that was renamed would leave an empty panel and an alert that never fires.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventEmitter } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXAMPLES } from '../server/src/configFaults.ts';
import { Metrics } from '../server/src/metrics/Metrics.ts';
import { watchMixer } from '../server/src/metrics/mixer.ts';
import { watchNode } from '../server/src/metrics/node.ts';
import { watchRooms } from '../server/src/metrics/rooms.ts';
import { watchWorkers } from '../server/src/metrics/workers.ts';
import { CLOSE_REASONS, ERROR_CODES } from '../shared/src/errors.ts';
import { root } from './lib/paths.mjs';

const read = (...path) => readFileSync(join(root, 'deploy', ...path), 'utf8');

const dashboard = JSON.parse(read('grafana', 'tribune-dashboard.json'));
const alerts = parse(read('prometheus', 'alerts.yml'));
const scraping = parse(read('prometheus', 'prometheus.yml'));

const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const rules = alerts.groups.flatMap((group) => group.rules);

/** Every series that the server has, under the names that Prometheus keeps. */
const known = new Map();

beforeAll(async () => {
  const { registry } = new Metrics();
  const pool = Object.assign(new EventEmitter(), { aliveCount: 1, getUsage: async () => [] });
  watchRooms({ rooms: new Map() }, registry);
  watchWorkers(pool, registry);
  const usage = { cpuSeconds: 0, rssBytes: 0, ticks: 0, lateTicks: 0, rooms: 0, speakers: 0 };
  const mixer = { pids: [1], load: 0, canTakeRoom: true, getUsage: async () => usage };
  watchMixer(Object.assign(new EventEmitter(), mixer), registry);
  const archive = { problems: { sql: null, objects: null }, log: { waitingCount: 0, lostCount: 0 } };
  watchNode(() => ({ load: 0, isRedisUp: true, isAccepting: true, httpListeners: 0, archive }), registry);
  // What is there only once a first interval has been measured is registered all the same.
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const part of parts) known.set(name + part, type);
  }
});

describe('the dashboard', () => {
  it.each(panels.map((panel) => [panel.title, panel]))('%s asks for what the server has', (_title, panel) => {
    expect(panel.targets.length).toBeGreaterThan(0);
    for (const { expr } of panel.targets) expectKnown(expr);
  });

  it('has panels with ids and places of their own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x},${y}`);
    expect(new Set(places).size).toBe(places.length);
    for (const { title, gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
  });

  it('annotates what the server counts', () => {
    for (const { expr } of dashboard.annotations.list) expectKnown(expr);
  });
});

describe('the alerts', () => {
  it.each(rules.map((rule) => [rule.alert, rule]))('%s watches what the server has', (_name, rule) => {
    expectKnown(rule.expr);
    expect(rule.annotations.summary).toBeTruthy();
    expect(rule.annotations.description).toMatch(/\.$/);
    expect(['page', 'ticket']).toContain(rule.labels.severity);
  });

  it('are loaded by the example of a Prometheus, under the job that they name', () => {
    expect(scraping.rule_files).toEqual(['alerts.yml']);
    const jobs = scraping.scrape_configs.map((config) => config.job_name);
    const named = rules.flatMap(({ expr }) => [...expr.matchAll(/job="(\w+)"/g)].map(([, job]) => job));
    for (const job of named) expect(jobs).toContain(job);
    const [{ targets }] = scraping.scrape_configs[0].static_configs;
    expect(targets).toEqual([`host.docker.internal:${EXAMPLES.METRICS_PORT}`]);
  });

  it('name outcomes and reasons that exist', () => {
    const values = rules.flatMap(({ expr }) =>
      [...expr.matchAll(/(?:outcome|reason)=~?"([^"]+)"/g)].flatMap(([, list]) => list.split('|')),
    );
    expect(values.filter((value) => ![...ERROR_CODES, ...CLOSE_REASONS, 'joined'].includes(value))).toEqual([]);
  });

  it('watch limits that are buckets, where they name one', async () => {
    const metrics = await new Metrics().registry.metrics();
    for (const [, name, le] of rules.flatMap(({ expr }) => [...expr.matchAll(/(\w+_bucket)\{le="([\d.]+)"\}/g)]))
      expect(metrics).toContain(`${name}{le="${le}"}`);
  });
});

describe('metrics', () => {
  it('have names with their unit, and counters end in total', () => {
    for (const [name, type] of known) {
      if (!name.startsWith('tribune_')) continue;
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(type !== 'histogram' || /_(seconds|ratio)_(bucket|sum|count)$/.test(name), name).toBe(true);
    }
  });

  it('are all in docs/self-hosting.md', () => {
    const documented = readFileSync(join(root, 'docs', 'self-hosting.md'), 'utf8');
    const names = [...known.keys()].filter((name) => name.startsWith('tribune_') && !/_(sum|count)$/.test(name));
    expect(names.filter((name) => !documented.includes(`\`${name.replace(/_bucket$/, '')}\``))).toEqual([]);
  });
});

function expectKnown(expression) {
  const withoutLabels = expression.replace(/\{[^}]*\}/g, '').replace(/\bby \([^)]*\)/g, '');
  const names = withoutLabels.match(/\b(?:tribune|nodejs|process)_\w+/g) ?? [];
  expect(/^up\b/.test(expression) || names.length > 0, expression).toBe(true);
  for (const name of names) expect([...known.keys()], expression).toContain(name);
}
