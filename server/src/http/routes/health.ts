import { Router } from 'express';
import type { Home } from '../../cluster/HomeLease.ts';
import type { LiveNode } from '../../cluster/NodeRegistry.ts';
import type { Metrics } from '../../metrics/Metrics.ts';

/** One node's view of the cluster, for those who run it. */
export interface ClusterView {
  readonly nodeId: string;
  readonly nodes: readonly LiveNode[];
  /** Those that this node has open. */
  readonly rooms: readonly {
    readonly roomId: string;
    readonly phase: string;
    readonly home: Home | null;
    /** On this node. */
    readonly listeners: number;
  }[];
}

export interface HealthOptions {
  readonly describeCluster: () => ClusterView;
  /** Null when traffic may come, else why not. */
  readonly whyNotReady: () => Promise<string | null>;
  readonly metrics: Metrics;
}

/**
 * `/healthz`: the process answers; it depends on nothing else, so that an outage of Redis restarts no server.
 * `/readyz`: traffic may come. `/metrics`: for Prometheus. `/cluster`: for whoever
 * runs it.
 */
export function healthRoutes({ whyNotReady, metrics, describeCluster }: HealthOptions): Router {
  return Router()
    .get('/healthz', (_req, res) => void res.json({ status: 'ok' }))
    .get('/readyz', async (_req, res) => {
      const reason = await whyNotReady();
      res.status(reason ? 503 : 200).json(reason ? { status: 'unavailable', reason } : { status: 'ok' });
    })
    .get('/cluster', (_req, res) => void res.json(describeCluster()))
    .get('/metrics', async (_req, res) => {
      const { registry } = metrics;
      res.type(registry.contentType).send(await registry.metrics());
    });
}
