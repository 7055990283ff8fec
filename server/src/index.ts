import { readConfig } from './config.ts';
import { createLogger } from './logger.ts';
import { Server } from './Server.ts';

/** Signals may come twice (Ctrl-C reaches a whole process group): the second changes nothing. SIGTERM is what a deployment sends. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger(config);
  const starting = Server.create(config, logger);
  const stop = () => {
    void starting.then(async (server) => server.close()).finally(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  process.on('SIGTERM', () => void starting.then(async (server) => server.drain()).finally(stop));
  // The process that started this one is gone, however it died.
  process.on('disconnect', stop);
  const server = await starting;
  await server.load();
  logger.info({ port: server.port }, 'Tribune is ready');
  process.send?.({ type: 'ready', port: server.port });
}

main().catch((error: unknown) => {
  const busy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  console.error(busy ? `Port ${process.env.PORT ?? 3000} is in use: choose another with PORT.` : error);
  process.exit(1);
});
