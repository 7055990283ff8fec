// Keeps deploy/kubernetes true: to the schemas of Kubernetes, to the server, and each file to the others.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ClusterRole, ClusterRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import { Service, ServiceAccount } from 'kubernetes-models/v1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig, variables } from '../server/src/config.ts';
import { livenessRoutes, operationsRoutes } from '../server/src/http/routes/health.ts';
import { manifestFaults } from './lib/manifest.mjs';
import { root } from './lib/paths.mjs';

const folder = join(root, 'deploy', 'kubernetes');
const read = (...path) => readFileSync(join(folder, ...path), 'utf8');
const documentsOf = (...path) => parseAllDocuments(read(...path)).map((document) => document.toJS());

const kustomization = parse(read('kustomization.yaml'));
const applied = kustomization.resources.flatMap((file) => documentsOf(file));
const podMonitor = parse(read('monitoring', 'podmonitor.yaml'));
const settings = Object.fromEntries([...read('settings.env').matchAll(/^(\w+)=(.*)$/gm)].map(([, ...pair]) => pair));

const MODELS = [
  [Deployment, StatefulSet, HorizontalPodAutoscaler, Ingress, PodDisruptionBudget],
  [ClusterRole, ClusterRoleBinding, Service, ServiceAccount, PodMonitor],
].flat();

function modelOf({ apiVersion, kind }) {
  const model = MODELS.find((candidate) => candidate.apiVersion === apiVersion && candidate.kind === kind);
  if (!model) throw new Error(`No schema for ${kind} of ${apiVersion}`);
  return model;
}

/** The one manifest of a kind and a name. */
function named(kind, name) {
  const found = applied.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  expect(found, `${kind} ${name}`).toHaveLength(1);
  return found[0];
}

const nodes = named('StatefulSet', 'tribune');
const web = named('Deployment', 'tribune-web');
const pod = nodes.spec.template.spec;
const [node] = pod.containers;

describe('the manifests', () => {
  it.each([...applied, podMonitor].map((manifest) => [manifest.kind, manifest.metadata.name, manifest]))(
    '%s %s is one that Kubernetes knows, field by field',
    (_kind, _name, manifest) => expect(manifestFaults(modelOf(manifest), manifest)).toEqual([]),
  );

  it('would be refused with a field that does not exist, or a value of the wrong type', () => {
    const misspelt = structuredClone(nodes);
    misspelt.spec.template.spec.hostNetwrok = true;
    expect(manifestFaults(StatefulSet, misspelt)).toEqual(['/spec/template/spec/hostNetwrok is not known']);
    const wrong = structuredClone(nodes);
    wrong.spec.template.spec.terminationGracePeriodSeconds = 'long';
    expect(manifestFaults(StatefulSet, wrong)).not.toEqual([]);
  });

  it('are all applied, with files that exist', () => {
    const files = kustomization.configMapGenerator.flatMap(({ envs = [], files: whole = [] }) => [...envs, ...whole]);
    for (const file of [...files, ...kustomization.resources]) expect(existsSync(join(folder, file)), file).toBe(true);
    const manifests = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
    const others = ['kustomization.yaml', 'redis-values.yaml'];
    expect(manifests.filter((file) => !kustomization.resources.includes(file)).toSorted()).toEqual(others);
  });

  it('name objects that are made here, or that the documentation has the reader make', () => {
    const made = kustomization.configMapGenerator.map(({ name }) => name);
    // Kubernetes puts the last one into each namespace.
    for (const name of configMapsIn([nodes, web])) expect([...made, 'kube-root-ca.crt']).toContain(name);
    const documented = readFileSync(join(root, 'docs', 'self-hosting.md'), 'utf8');
    const secret = keysOfSecret();
    expect(documented).toContain('create secret generic tribune-secrets');
    for (const key of secret) expect(documented).toContain(`--from-literal=${key}=`);
    for (const { image } of [...pod.initContainers, ...pod.containers, ...web.spec.template.spec.containers]) {
      expect(kustomization.images.map(({ name }) => name)).toContain(image);
    }
  });

  it('hold no secret', () => {
    const values = [...pod.initContainers, ...pod.containers].flatMap(({ env }) => env);
    for (const { name, value } of values.filter((entry) => /SECRET|PASSWORD|ICE_SERVERS|ADMIN_KEY/.test(entry.name))) {
      expect(value, name).toBeUndefined();
    }
    expect(Object.keys(settings)).not.toContain('SECRET');
    expect(applied.map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('select the pods that they mean', () => {
    const labels = { node: nodes.spec.template.metadata.labels, web: web.spec.template.metadata.labels };
    expect(labels.node).not.toEqual(labels.web);
    for (const name of ['tribune-nodes', 'tribune-api']) {
      expect(named('Service', name).spec.selector).toEqual(labels.node);
    }
    expect(named('Service', 'tribune-web').spec.selector).toEqual(labels.web);
    expect(named('PodDisruptionBudget', 'tribune').spec.selector.matchLabels).toEqual(labels.node);
    expect(named('PodDisruptionBudget', 'tribune-web').spec.selector.matchLabels).toEqual(labels.web);
    expect(podMonitor.spec.selector.matchLabels).toEqual(labels.node);
    expect(podMonitor.metadata.namespace).toBe(kustomization.namespace);
    expect(named('ClusterRoleBinding', 'tribune-announced-address').subjects[0].namespace).toBe(
      kustomization.namespace,
    );
  });
});

describe('a node', () => {
  it('is given only variables that it reads, with values that it takes', () => {
    const helpers = ['PUBLIC_HOST', 'REDIS_PASSWORD'];
    const given = [...Object.keys(settings), ...node.env.map(({ name }) => name)];
    const known = [...Object.keys(variables.shape), ...helpers];
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
    const values = { REDIS_PASSWORD: 'abc', NODE_ID: 'tribune-0', SECRET: 'x'.repeat(32), ...settings };
    const parsed = readConfig({ ...values, PUBLIC_URL: valueOf('PUBLIC_URL'), REDIS_URL: valueOf('REDIS_URL') });
    expect(parsed.PUBLIC_URL).toBe(`https://tribune-0.${settings.PUBLIC_HOST}`);
    expect(parsed.REDIS_URL).toBe('redis://:abc@tribune-redis:6379');

    function valueOf(name) {
      const at = node.env.findIndex((entry) => entry.name === name);
      const above = node.env.slice(0, at).map((entry) => entry.name);
      return node.env[at].value.replace(/\$\((\w+)\)/g, (_all, used) => {
        expect(above, `${used} above ${name}`).toContain(used);
        return values[used];
      });
    }
  });

  it('has longer to end than its people have to leave', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(settings.DRAIN_S) + 15);
  });

  it('is restarted when it does not answer, and is left alone when only nobody can come', () => {
    const [liveness, operations] = [livenessRoutes(), operationsRoutes({ metrics: {} })].map(({ stack }) =>
      stack.map(({ route }) => route.path),
    );
    for (const { httpGet } of [node.startupProbe, node.livenessProbe]) {
      expect(liveness).toContain(httpGet.path);
      expect(httpGet.port).toBe('http');
    }
    expect(node.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'metrics' });
    const [{ path, port }] = podMonitor.spec.podMetricsEndpoints;
    expect(port).toBe('metrics');
    expect(operations).toEqual(expect.arrayContaining(['/readyz', path]));
  });

  it('has the machine to itself, with the ports that the services and the probes name, at its inner address alone', () => {
    expect(pod.hostNetwork).toBe(true);
    expect(pod.dnsPolicy).toBe('ClusterFirstWithHostNet');
    const [{ topologyKey }] = pod.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(topologyKey).toBe('kubernetes.io/hostname');
    expect(node.ports).toEqual([
      { name: 'http', containerPort: variables.shape.PORT.parse(undefined) },
      { name: 'metrics', containerPort: Number(settings.METRICS_PORT) },
    ]);
    const { valueFrom } = node.env.find(({ name }) => name === 'HOST');
    expect(valueFrom.fieldRef.fieldPath).toBe('status.podIP');
    expect(node.env.map(({ name }) => name)).not.toContain('METRICS_HOST');
  });

  it('is started as its image would start it, as a user that may write where it has to', () => {
    const image = readFileSync(join(root, 'server', 'Dockerfile'), 'utf8');
    const command = JSON.parse(/^CMD (.*)$/m.exec(image)[1]).join(' ');
    expect(node.command.at(-1)).toMatch(new RegExp(` && exec ${command}$`));
    const written = node.volumeMounts.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath);
    expect(written).toContain(/DATA_DIR=(\S+)/.exec(image)[1]);
    const names = pod.volumes.map(({ name }) => name);
    for (const { volumeMounts } of [node, ...pod.initContainers]) {
      for (const { name } of volumeMounts) expect(names).toContain(name);
    }
  });

  it('comes and goes by its load, under one name from the server to the autoscaler', () => {
    const { spec } = named('HorizontalPodAutoscaler', 'tribune');
    const { kind, name, apiVersion } = spec.scaleTargetRef;
    expect({ kind, name, apiVersion }).toEqual({ kind: nodes.kind, name: nodes.metadata.name, apiVersion: 'apps/v1' });
    expect(nodes.spec.replicas).toBeUndefined();
    const [{ pods }] = spec.metrics;
    const [rule] = parse(read('monitoring', 'prometheus-adapter-values.yaml')).rules.custom;
    expect(rule.name.as).toBe(pods.metric.name);
    expect(rule.seriesQuery.split('{')[0]).toBe(pods.metric.name);
  });
});

describe('the way in', () => {
  it('leads the name of each node to its pod, and every other to any node', () => {
    const conf = read('nodes.conf');
    const domain = `${kustomization.namespace}.svc.cluster.local:3000`;
    expect(conf).toContain(`default http://${named('Service', 'tribune-api').metadata.name}.${domain};`);
    const { serviceName } = nodes.spec;
    expect(named('Service', serviceName).spec.clusterIP).toBe('None');
    expect(conf).toContain(`http://$node.${serviceName}.${domain};`);
    const [, pattern] = /^\s*~(\S+) /m.exec(conf);
    expect(new RegExp(pattern).exec(`${nodes.metadata.name}-12.${settings.PUBLIC_HOST}`)?.groups.node).toBe(
      'tribune-12',
    );
    expect(new RegExp(pattern).test(settings.PUBLIC_HOST)).toBe(false);
  });

  it('has a certificate and a rule for the page and for every node', () => {
    const { tls, rules } = named('Ingress', 'tribune').spec;
    const hosts = [settings.PUBLIC_HOST, `*.${settings.PUBLIC_HOST}`];
    expect(rules.map(({ host }) => host)).toEqual(hosts);
    expect(tls[0].hosts).toEqual(hosts);
  });

  it('replaces the file that the image of the proxy has', () => {
    const [{ volumeMounts }] = web.spec.template.spec.containers;
    expect(readFileSync(join(root, 'web', 'Dockerfile'), 'utf8')).toContain(
      `web/nodes.conf ${volumeMounts[0].mountPath}`,
    );
  });
});

it('Redis has the password that the nodes use, and keeps what it is told', () => {
  const { redisStandalone, externalConfig } = parse(read('redis-values.yaml'));
  const { secretKeyRef } = node.env.find(({ name }) => name === 'REDIS_PASSWORD').valueFrom;
  expect(redisStandalone.redisSecret).toEqual({ secretName: secretKeyRef.name, secretKey: secretKeyRef.key });
  expect(externalConfig.data).toContain('appendonly yes');
  expect(externalConfig.data).toContain('maxmemory-policy noeviction');
});

describe('announced-address.mjs', () => {
  const machines = {
    outer: {
      addresses: [address('Hostname', 'm1'), address('InternalIP', '10.0.0.1'), address('ExternalIP', '203.0.113.7')],
    },
    inner: { addresses: [address('Hostname', 'm2'), address('InternalIP', '10.0.0.2')] },
    none: {},
  };
  let api;
  let place;

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'tribune-address-'));
    await writeFile(join(place, 'token'), 'token-1\n');
    api = createServer((req, res) => {
      const status = machines[req.url.replace('/api/v1/nodes/', '')];
      const allowed = req.headers.authorization === 'Bearer token-1' && status;
      res.writeHead(allowed ? 200 : 403).end(JSON.stringify({ status }));
    }).listen(0, '127.0.0.1');
    await once(api, 'listening');
  });

  afterAll(async () => {
    api.close();
    await rm(place, { recursive: true });
  });

  it('is the outer one, and the inner one where there is no other', async () => {
    expect(await announced('outer')).toBe('203.0.113.7');
    expect(await announced('inner')).toBe('10.0.0.2');
  });

  it('stops the pod when there is none, or when Kubernetes does not say', async () => {
    await expect(announced('none')).rejects.toThrow('has no address');
    await expect(announced('other')).rejects.toThrow('answers 403');
  });

  async function announced(machine) {
    const file = join(place, machine);
    const env = {
      MACHINE: machine,
      API_TOKEN_FILE: join(place, 'token'),
      KUBERNETES_API: `http://127.0.0.1:${api.address().port}`,
    };
    await promisify(execFile)(process.execPath, [join(folder, 'announced-address.mjs'), file], { env });
    return readFile(file, 'utf8');
  }

  function address(type, value) {
    return { type, address: value };
  }
});

/** Names of the ConfigMaps that pods take something from. */
function configMapsIn(workloads) {
  const text = JSON.stringify(workloads);
  const found = [...text.matchAll(/"(?:configMap|configMapRef|configMapKeyRef)":\{"name":"([^"]+)"/g)];
  expect(found.length).toBeGreaterThan(0);
  return found.map(([, name]) => name);
}

/** Keys that nodes read from the one Secret that there is. */
function keysOfSecret() {
  const references = node.env.map(({ valueFrom }) => valueFrom?.secretKeyRef).filter(Boolean);
  expect(new Set(references.map(({ name }) => name))).toEqual(new Set(['tribune-secrets']));
  return references.map(({ key }) => key);
}
