import { Router } from 'express';
import type { Metrics } from '../../metrics.ts';

export interface HealthOptions {
  /** Null when traffic may come, else why not. */
  readonly whyNotReady: () => Promise<string | null>;
  readonly metrics: Metrics;
}

/**
 * `/healthz`: the process answers; it depends on nothing else, so that an outage of Redis restarts no server.
 * `/readyz`: traffic may come. `/metrics`: for Prometheus.
 */
export function healthRoutes({ whyNotReady, metrics }: HealthOptions): Router {
  return Router()
    .get('/healthz', (_req, res) => void res.json({ status: 'ok' }))
    .get('/readyz', async (_req, res) => {
      const reason = await whyNotReady();
      res.status(reason ? 503 : 200).json(reason ? { status: 'unavailable', reason } : { status: 'ok' });
    })
    .get('/metrics', async (_req, res) => {
      const { registry } = metrics;
      res.type(registry.contentType).send(await registry.metrics());
    });
}
