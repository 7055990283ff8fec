import { join } from 'node:path';
import compression from 'compression';
import express, { type Express } from 'express';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import { createErrorHandler, notFound } from './problem.ts';
import { adminRoutes } from './routes/admin.ts';
import { feedRoutes } from './routes/feeds.ts';
import { livenessRoutes, operationsRoutes, type HealthOptions } from './routes/health.ts';
import { liveRoutes, type LiveRoutesOptions } from './routes/live.ts';
import { previewRoutes } from './routes/preview.ts';
import { recordingRoutes, type RecordingRoutesOptions } from './routes/recordings.ts';
import { roomRoutes, type RoomRoutesOptions } from './routes/rooms.ts';
import { warnOfUntrustedProxy } from './warnOfUntrustedProxy.ts';
import { sessionRoutes, type SessionRoutesOptions } from './routes/session.ts';
import { securityHeaders } from './securityHeaders.ts';

const BODY_LIMIT = '16kb';
const YEAR_MS = 365 * 24 * 3_600_000;

interface AppOptions
  extends RoomRoutesOptions, SessionRoutesOptions, RecordingRoutesOptions, LiveRoutesOptions, HealthOptions {
  /** Under which the nodes that are known now are reached. */
  readonly nodeUrls: () => readonly string[];
  readonly config: RoomRoutesOptions['config'] &
    Pick<Config, 'TRUST_PROXY' | 'WEB_DIR' | 'ADMIN_KEY' | 'METRICS_PORT' | 'NODE_ORIGINS' | 'EMBED_ORIGINS'>;
  readonly logger: Logger;
}

/** The HTTP side: REST, health, and the built page where this server is the one that serves it. */
export function createApp(options: AppOptions): Express {
  const { config, logger } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.TRUST_PROXY);
  // Before the headers for pages: sound is asked for by many, and needs none of them.
  app.use('/live', liveRoutes(options));
  app.use(securityHeaders(options));
  app.use('/api', warnOfUntrustedProxy(config.TRUST_PROXY, logger));
  app.use('/api', express.json({ limit: BODY_LIMIT }));
  app.use('/api/session', sessionRoutes(options));
  app.use('/api/rooms', roomRoutes(options));
  app.use('/api/recordings', recordingRoutes(options));
  app.use('/api/feeds', feedRoutes(options));
  if (config.ADMIN_KEY) app.use('/api/admin', adminRoutes({ ...options, key: config.ADMIN_KEY }));
  app.use('/api', notFound);
  // After what crowds ask for: Express tries one after the other.
  app.use(livenessRoutes());
  if (config.METRICS_PORT === undefined) app.use(operationsRoutes(options));
  if (config.WEB_DIR) serveFiles(app, config.WEB_DIR);
  app.use(previewRoutes(options, config.WEB_DIR));
  app.use(notFound);
  app.use(createErrorHandler(logger));
  return app;
}

/** What is on METRICS_PORT, away from the people on PORT. */
export function createOperationsApp(options: HealthOptions & { readonly logger: Logger }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(livenessRoutes(), operationsRoutes(options), notFound, createErrorHandler(options.logger));
  return app;
}

/** What the built page consists of, but for the page itself. */
function serveFiles(app: Express, webDir: string): void {
  app.use(compression());
  // Built files carry a hash of their content in their name.
  app.use('/assets', express.static(join(webDir, 'assets'), { immutable: true, maxAge: YEAR_MS, fallthrough: false }));
  app.use(express.static(webDir, { index: false }));
}
