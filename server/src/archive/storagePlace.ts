import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from '../config.ts';

/**
 * Where this node keeps recordings, as a short text that is the same on all nodes that share the database and the bucket, and tells
 * nothing of them. Empty where nothing is recorded.
 */
export function storagePlaceOf({ RECORDING, DATABASE_URL, databaseUrl, s3, objectsFolder }: Config): string {
  if (RECORDING === 'off') return '';
  const places = [DATABASE_URL ? databaseOf(DATABASE_URL) : fileOf(databaseUrl), s3?.url ?? fileOf(objectsFolder)];
  return createHash('sha256').update(JSON.stringify(places)).digest('base64url').slice(0, 16);
}

/** Each node may have a user and a password of its own. */
function databaseOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** Nodes on one machine may share a folder. */
function fileOf(path: string): string {
  return `${hostname()}:${resolve(path)}`;
}
