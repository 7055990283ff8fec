import { Router } from 'express';
import type { ArchiveProblems } from '../../archive/RecordingArchive.ts';
import type { Home } from '../../cluster/HomeLease.ts';
import type { LiveNode } from '../../cluster/NodeRegistry.ts';
import type { Metrics } from '../../metrics/Metrics.ts';

/** One node's view of the cluster, for those who run it. */
export interface ClusterView {
  readonly nodeId: string;
  /** Why this node can be no part of the cluster; null where it can. */
  readonly problem: string | null;
  /** Why recordings cannot be kept. Live sound goes on all the same, so `/readyz` says nothing of it. */
  readonly archive: ArchiveProblems & { readonly cluster: string | null };
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
  /** Null when listeners may be sent to this node, else why not. Its HTTP interface is as good as any all the same. */
  readonly whyNotAccepting: () => string | null;
  readonly metrics: Metrics;
}

/** `/healthz`: the process answers; it depends on nothing else, so that an outage of Redis restarts no server. */
export function livenessRoutes(): Router {
  return Router().get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
}

/** For whoever runs the server, and nobody else. `/readyz`: traffic may come. `/metrics`: for Prometheus. `/cluster`: one node's view. */
export function operationsRoutes({ whyNotReady, whyNotAccepting, metrics, describeCluster }: HealthOptions): Router {
  return Router()
    .get('/readyz', async (_req, res) => {
      const reason = await whyNotReady();
      const answer = reason ? { status: 'unavailable', reason } : { status: 'ok', notAccepting: whyNotAccepting() };
      res.status(reason ? 503 : 200).json(answer);
    })
    .get('/cluster', (_req, res) => void res.json(describeCluster()))
    .get('/metrics', async (_req, res) => {
      const { registry } = metrics;
      // Not by `send()`, which would hash all of it for an ETag.
      res.setHeader('Content-Type', registry.contentType).end(await registry.metrics());
    });
}
