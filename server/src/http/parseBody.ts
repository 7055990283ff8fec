import type { Request } from 'express';
import type { z } from 'zod';
import { AppError } from '../errors.ts';

/** @throws {AppError} INVALID_PAYLOAD that names the fields at fault */
export function parseBody<S extends z.ZodType>(schema: S, req: Request): z.output<S> {
  const parsed = schema.safeParse(req.body ?? {});
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new AppError('INVALID_PAYLOAD', fields.join('; '));
}
