import { catchUnhandled } from './catchUnhandled.ts';
import { readConfig } from './config.ts';
import { ConfigError } from './configFaults.ts';
import { createLogger } from './logger.ts';
import { Metrics } from './metrics/Metrics.ts';
import { Server } from './Server.ts';

/** Under npm one Ctrl-C arrives twice, from the terminal and passed on by npm: one that comes later than this is a second one. */
const SAME_CTRL_C_MS = 300;

const LOG_ENDS_MS = 20;

/**
 * SIGTERM, which a deployment sends, lets people move to other nodes first, and changes nothing when it comes again: service managers
 * send it to a whole process group, and repeat it. SIGINT and SIGHUP end the server within two seconds, during a drain too, and a second
 * SIGINT ends it at once.
 */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger(config);
  const metrics = new Metrics();
  const starting = Server.create(config, logger, metrics);
  const stop = () => {
    // The last lines of the log are on their way.
    void starting.then(async (server) => server.close()).finally(() => setTimeout(() => process.exit(0), LOG_ENDS_MS));
  };
  let interruptedAtMs: number | null = null;
  process.on('SIGINT', () => {
    const nowMs = performance.now();
    interruptedAtMs ??= nowMs;
    // Workers and mixers end when the channel to this process closes.
    if (nowMs - interruptedAtMs > SAME_CTRL_C_MS) process.exit(130);
    stop();
  });
  process.on('SIGHUP', stop);
  process.on('SIGTERM', () => void starting.then(async (server) => server.drain()).finally(stop));
  // The process that started this one is gone, however it died.
  process.on('disconnect', stop);
  const server = await starting;
  // Not before there is something to keep: a fault in what comes before ends the start.
  catchUnhandled({ logger, count: (kind) => metrics.unhandled.inc({ kind }) });
  await server.load();
  logger.info({ port: server.port }, 'Tribune is ready');
  process.send?.({ type: 'ready', port: server.port });
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});

/** What the operator can mend, in words; anything else with its stack. */
function explain(error: unknown): unknown {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return error;
  // Of a media worker, which has no codes.
  if (/address already in use.*port:/.test(error.message)) return `MEDIA_PORT: ${error.message}`;
  if (/address not available/.test(error.message)) return 'MEDIA_LISTEN_ADDRESS: this machine has no such address.';
  if (!('code' in error && 'port' in error)) return error;
  const name = String(error.port) === process.env.METRICS_PORT ? 'METRICS_PORT' : 'PORT';
  if (error.code === 'EADDRINUSE') return `Port ${String(error.port)} is in use: choose another with ${name}.`;
  if (error.code === 'EACCES')
    return `Port ${String(error.port)} needs root rights: choose one from 1024 on with ${name}.`;
  if (error.code === 'EADDRNOTAVAIL')
    return `${name === 'PORT' ? 'HOST' : 'METRICS_HOST'}: this machine has no such address.`;
  return error;
}
