// Keeps the documents true: what they say of the code is compared with the code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { variables } from '../server/src/config.ts';
import { AppError } from '../server/src/errors.ts';
import { CLOSE_REASONS, ERROR_CODES } from '../shared/src/errors.ts';
import { PERMISSIONS } from '../shared/src/permissions.ts';
import { requests, SELF_CAUSES } from '../shared/src/protocol.ts';
import { ROLES } from '../shared/src/domain.ts';
import { root } from './lib/paths.mjs';

const NOT_OURS = new Set(['node_modules', 'dist', 'data', 'test-results', '.git']);
const OUR_FOLDERS = ['shared', 'server', 'web', 'loadtest', 'tools', 'scripts', 'e2e', 'docs'];

const documents = new Map(filesOf(root, /\.md$/).map((path) => [relative(root, path), readFileSync(path, 'utf8')]));
const protocol = documents.get('docs/protocol.md') ?? '';
const selfHosting = documents.get('docs/self-hosting.md') ?? '';

describe('docs/self-hosting.md', () => {
  it('has every variable of the server with its default and its description, and no other', () => {
    const expected = Object.entries(variables.shape).map(([name, schema]) => [
      code(name),
      ['WORKERS', 'MIXERS'].includes(name) ? 'one per core' : defaultOf(schema),
      schema.description,
    ]);
    expect(tableOf(selfHosting, 'Variables')).toEqual(expected);
  });
});

describe('docs/protocol.md', () => {
  it('has every request, and no other', () => {
    expect(namesIn('Requests')).toEqual(Object.keys(requests).toSorted());
  });

  it('says of every request who may do it to whom', () => {
    const told = tableOf(protocol, 'Requests').map(([name, who]) => [unquoted(name), whoMay(who)]);
    expect(Object.fromEntries(told)).toEqual(PERMISSIONS);
  });

  it('has every notification, and no other', () => {
    expect(namesIn('Notifications')).toEqual(notificationNames().toSorted());
  });

  it('has every cause, error code and close reason, and no other', () => {
    expect(firstCells(protocol, 'Notifications', 1)).toEqual([...SELF_CAUSES].toSorted());
    expect(namesIn('Error codes')).toEqual([...ERROR_CODES].toSorted());
    expect(namesIn('Close reasons')).toEqual([...CLOSE_REASONS].toSorted());
  });

  it('has the status of every error code', () => {
    const told = tableOf(protocol, 'Problems').flatMap(([status, codes]) =>
      [...codes.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => [name, Number(status)]),
    );
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(ERROR_CODES.map((name) => [name, new AppError(name, '').status])),
    );
  });

  it('names no message and no code that does not exist', () => {
    const messages = [...Object.keys(requests), ...notificationNames()];
    const spans = codeSpans(protocol);
    expect(spans.filter((span) => /^[a-z]+:[a-zA-Z]+$/.test(span) && !messages.includes(span))).toEqual([]);
    expect(spans.filter((span) => /^[A-Z][A-Z_]{4,}$/.test(span) && !ERROR_CODES.includes(span))).toEqual([]);
  });

  it('has every rule that a test cites, once, and no rule that none cites', () => {
    const rules = [...protocol.matchAll(/^- \*\*([A-Z]{2}\d+)\*\* \S/gm)].map(([, id]) => id);
    expect(rules.toSorted()).toEqual([...citedRules()].toSorted());
  });
});

describe.each([...documents.keys()])('%s', (path) => {
  const text = documents.get(path);

  it('links to what exists', () => {
    const links = [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
    const broken = links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(path, link));
    expect(broken).toEqual([]);
  });

  it('names files and folders that exist', () => {
    const paths = codeSpans(text).filter((span) => new RegExp(`^(?:${OUR_FOLDERS.join('|')})/[\\w./-]+$`).test(span));
    expect(paths.filter((span) => !existsSync(join(root, span)))).toEqual([]);
  });

  it('names commands of npm that exist', () => {
    const commands = [...text.matchAll(/npm run ([\w:-]+)(?: --workspace[ =](\w+))?/g)];
    const missing = commands.filter(([, script, workspace = '']) => !scriptsOf(workspace).includes(script));
    expect(missing.map(([command]) => command)).toEqual([]);
  });
});

function filesOf(folder, pattern) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : filesOf(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

/** The text under a heading, down to the next heading of its level or above. */
function sectionOf(text, heading) {
  const [, level, body] = new RegExp(`^(#+) ${heading}\\n([^]*)`, 'm').exec(text) ?? [];
  if (!level) throw new Error(`There is no section "${heading}".`);
  const end = body.search(new RegExp(`^#{1,${level.length}} `, 'm'));
  return end < 0 ? body : body.slice(0, end);
}

/** Rows of one table of a section, without its head, as cells. */
function tableOf(text, heading, index = 0) {
  const tables = sectionOf(text, heading).match(/(?:^\|.*\n)+/gm) ?? [];
  const rows = (tables[index] ?? '').trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function firstCells(text, heading, index) {
  return tableOf(text, heading, index)
    .map(([cell]) => unquoted(cell))
    .toSorted();
}

function namesIn(heading) {
  return firstCells(protocol, heading, 0);
}

function code(text) {
  return `\`${text}\``;
}

function unquoted(cell) {
  return cell.replaceAll('`', '');
}

function codeSpans(text) {
  return [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span);
}

function withoutBlocks(text) {
  return text.replace(/^```[^]*?^```/gm, '');
}

function defaultOf(schema) {
  const { success, data } = schema.safeParse(undefined);
  if (!success) return 'required';
  if (data === undefined) return 'unset';
  const isList = Array.isArray(data) && data.length > 0;
  return code(isList ? data.join(',') : typeof data === 'string' ? data : JSON.stringify(data));
}

/** Reads "host, co-host → listener; …" into a row of the permission table. */
function whoMay(cell) {
  const row = {};
  for (const clause of cell.split(';')) {
    const [actors, targets] = clause.split('→').map(rolesIn);
    for (const actor of actors) row[actor] = targets ?? [actor];
  }
  return row;
}

function rolesIn(list) {
  const names = list.split(',').map((name) => name.trim().replace('co-host', 'cohost'));
  return names.includes('everyone') ? [...ROLES] : names;
}

/** Notifications exist as types only. */
function notificationNames() {
  const source = readFileSync(join(root, 'shared', 'src', 'protocol.ts'), 'utf8');
  const [, body] = /export interface Notifications \{\n([^]*?)\n\}/.exec(source) ?? [];
  return [...body.matchAll(/^ {2}'?([\w:]+)'?: /gm)].map(([, name]) => name);
}

function citedRules() {
  const files = ['server', 'shared/src', 'e2e', 'web/src'].flatMap((folder) =>
    filesOf(join(root, folder), /\.(?:test|spec)\.tsx?$/),
  );
  const titles = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\b(?:it|test|describe)\b[^'"`\n]*\(\s*(['"`])(.+?)\1/g)].map(
      ([, , title]) => title,
    ),
  );
  return new Set(titles.flatMap((title) => [...title.matchAll(/\[([A-Z]{2}\d+)\]/g)].map(([, id]) => id)));
}

function leadsSomewhere(from, link) {
  const [file, anchor] = link.split('#');
  const target = file ? join(dirname(from), file) : from;
  if (!existsSync(join(root, target))) return false;
  return !anchor || anchorsOf(documents.get(target) ?? '').includes(anchor);
}

/** As GitHub makes them from headings. */
function anchorsOf(text) {
  return [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

function scriptsOf(workspace) {
  return Object.keys(JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8')).scripts ?? {});
}
