import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensurePage } from './page.mjs';

let root;
let node;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tribune-page-test-'));
  await mkdir(join(root, 'web', 'src'), { recursive: true });
  await mkdir(join(root, 'shared', 'src'), { recursive: true });
  await writeFile(join(root, 'web', 'src', 'App.tsx'), '1');
  await writeFile(join(root, 'package-lock.json'), '{}');
  // Stands in for vite: every build adds a line to the page.
  node = join(root, 'builder');
  await writeFile(node, '#!/bin/sh\nmkdir -p web/dist && echo built >> web/dist/index.html\n');
  await chmod(node, 0o755);
});
afterEach(() => rm(root, { recursive: true }));

async function buildsSoFar() {
  return (await readFile(join(root, 'web', 'dist', 'index.html'), 'utf8')).split('\n').length - 1;
}

test('the page is built once, and again when a file of it has changed or the result is gone', async () => {
  expect(await ensurePage(root, node)).toBe(join(root, 'web', 'dist'));
  await ensurePage(root, node);
  expect(await buildsSoFar()).toBe(1);

  await writeFile(join(root, 'shared', 'src', 'new.ts'), '');
  await ensurePage(root, node);
  expect(await buildsSoFar()).toBe(2);

  await rm(join(root, 'web', 'dist'), { recursive: true });
  await ensurePage(root, node);
  expect(await buildsSoFar()).toBe(1);
});

test('a build that failed does not count', async () => {
  await writeFile(
    node,
    '#!/bin/sh\nmkdir -p web/dist && echo half > web/dist/index.html; echo "no such module" >&2; exit 1\n',
  );
  await expect(ensurePage(root, node)).rejects.toThrow('no such module');
  await expect(ensurePage(root, node)).rejects.toThrow('no such module');
});
