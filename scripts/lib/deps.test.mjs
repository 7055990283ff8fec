import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { areInstalled } from './deps.mjs';

const LOCKED = {
  '': { name: 'tribune' },
  shared: { version: '0.1.0' },
  'node_modules/@tribune/shared': { resolved: 'shared', link: true },
  'node_modules/zod': { version: '4.0.0', integrity: 'sha512-a' },
  'node_modules/other-system': { version: '1.0.0', integrity: 'sha512-b', optional: true },
};

let root;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tribune-deps-test-'));
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCKED }));
});
afterEach(() => rm(root, { recursive: true }));

async function install(packages) {
  await mkdir(join(root, 'node_modules'), { recursive: true });
  await writeFile(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

test('nothing is installed in a fresh clone, nor after an interrupted installation', async () => {
  expect(areInstalled(root)).toBe(false);
  await mkdir(join(root, 'node_modules', 'zod'), { recursive: true });
  expect(areInstalled(root)).toBe(false);
});

test('what the lockfile says is installed, but for what is for other systems', async () => {
  await install({
    'node_modules/@tribune/shared': { resolved: 'shared', link: true },
    'node_modules/zod': { version: '4.0.0', integrity: 'sha512-a', resolved: 'https://mirror.test/zod' },
  });
  expect(areInstalled(root)).toBe(true);
});

test('another version is not what the lockfile says', async () => {
  await install({
    'node_modules/@tribune/shared': { resolved: 'shared', link: true },
    'node_modules/zod': { version: '3.9.0', integrity: 'sha512-c' },
  });
  expect(areInstalled(root)).toBe(false);
});

test.each([
  ['a workspace', 'node_modules/@tribune/chaos', { resolved: 'tools/chaos', link: true }],
  ['a package of one workspace', 'shared/node_modules/zod', { version: '3.0.0', integrity: 'sha512-d' }],
])('%s that is new is not what was installed before', async (_what, path, entry) => {
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: { ...LOCKED, [path]: entry } }));
  await install(LOCKED);
  expect(areInstalled(root)).toBe(false);
  await install({ ...LOCKED, [path]: entry });
  expect(areInstalled(root)).toBe(true);
});

test('every npm command of a fresh clone installs what it runs on: `npm run` alone has neither Node 24 nor the dependencies', async () => {
  const { scripts } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  // Those of developers run what `npm start` or `npm test` has installed.
  const { check: _check, format: _format, ...commands } = scripts;
  for (const [name, command] of Object.entries(commands)) {
    expect(command, name).toMatch(/^(exec node scripts\/|node scripts\/dependencies\.mjs && exec node_modules\/)/);
  }
});
