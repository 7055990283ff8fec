import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ERROR_CODES, type ErrorCode } from '@tribune/shared/errors.ts';
import express from 'express';
import { expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { createLogger } from '../logger.ts';
import { createErrorHandler } from './problem.ts';

it('answers of status 429 and 503 say when to come back, and no others do', async () => {
  const app = express();
  app.get('/:code', (req) => {
    const options = req.query.after ? { retryAfterS: Number(req.query.after) } : {};
    throw new AppError(req.params.code as ErrorCode, 'refused', options);
  });
  app.use(createErrorHandler(createLogger({ LOG_LEVEL: 'silent' })));
  const server = app.listen(0);
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  for (const code of ERROR_CODES) {
    const { status, headers } = await fetch(`${origin}/${code}`);
    const retryAfterS = Number(headers.get('retry-after'));
    expect(retryAfterS > 0, code).toBe(status === 429 || status === 503);
  }
  // The refusal knows better.
  expect((await fetch(`${origin}/QUOTA_EXCEEDED?after=7`)).headers.get('retry-after')).toBe('7');
  server.close();
});
