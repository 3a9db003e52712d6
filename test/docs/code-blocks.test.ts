/** Checks that each TypeScript and JSON block of a page is complete: it parses, and imports or declares what it uses. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import { pages } from './pages.ts';

interface Block {
  readonly page: string;
  /** The line of the page after which the block begins. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** A node of SWC's syntax tree, whose members depend on its `type`. */
interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

interface Names {
  readonly declared: Set<string>;
  readonly used: Set<string>;
  /** Names by the module that they are imported from. */
  readonly imported: Map<string, readonly string[]>;
}

const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));
const PACKAGE = 'mcp-async-operations';
const SOURCE = `${PACKAGE}-source`;
/** Names that the app of the tutorial declares. A page that uses one links to it, or declares it itself. */
const OF_THE_APP: readonly string[] = ['app', 'stack', 'operations', 'ops'];
/** The type in `as const`. */
const GLOBALS: readonly string[] = ['const'];

/** Its examples are those of doc comments, without imports. The page says so. */
const FROM_DOC_COMMENTS = 'docs/reference/options.md';
const blocks = pages.filter((page) => page !== FROM_DOC_COMMENTS).flatMap(blocksOf);
const typeScript = blocks.filter(({ language }) => ['ts', 'js'].includes(language)).flatMap(filesOf);

function blocksOf(page: string): readonly Block[] {
  const content = readFileSync(page, 'utf8');
  const found = content.matchAll(/^( *)```(\w+)[^\n]*\n(.*?)^\1```$/gms);
  return [...found].map(({ index, 1: indent = '', 2: language = '', 3: text = '' }) => ({
    page,
    line: content.slice(0, index).split('\n').length,
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** Returns the files of a block: a comment with a path begins the next one. */
function filesOf(block: Block): readonly Block[] {
  return block.text
    .split(/^(?=\/\/ \S+\.(?:ts|json)$)/m)
    .filter((text) => text.trim() !== '')
    .map((text) => ({ ...block, text }));
}

function parse(text: string): Node {
  return parseSync(text, { syntax: 'typescript', target: 'es2022' }) as unknown as Node;
}

/** Returns the names in a file. Scopes do not matter: a name that is declared anywhere counts as declared. */
function namesIn(text: string): Names {
  const names: Names = { declared: new Set(), used: new Set(), imported: new Map() };
  visit(parse(text), names);
  return names;
}

function visit(value: unknown, names: Names): void {
  if (Array.isArray(value)) for (const each of value) visit(each, names);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const node = value as Node;
  if (node.type === 'Identifier') names.used.add(String(node.value));
  if (node.type === 'ImportDeclaration') recordImports(node, names);
  else for (const member of declarationOf(node, names.declared)) visit(node[member], names);
}

function recordImports(node: Node, { declared, imported }: Names): void {
  const specifiers = node.specifiers as readonly Record<string, Record<string, string> | null>[];
  for (const { local } of specifiers) declared.add(local?.value ?? '');
  const from = (node.source as { value: string }).value;
  imported.set(
    from,
    specifiers.map(({ imported: name, local }) => name?.value ?? local?.value ?? ''),
  );
}

/**
 * Records the names that a node declares.
 * @returns the members of the node that can use other names
 */
function declarationOf(node: Node, declared: Set<string>): readonly string[] {
  const members = Object.keys(node).filter((member) => member !== 'span' && member !== 'type');
  const without = (...names: string[]) => members.filter((member) => !names.includes(member));
  const isName = (member: string) => (node[member] as Node | null)?.type === 'Identifier';
  switch (node.type) {
    case 'VariableDeclarator':
      declare(node.id, declared);
      return without('id');
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TsInterfaceDeclaration':
    case 'TsTypeAliasDeclaration':
      declare(node.identifier ?? node.id, declared);
      return without('identifier', 'id');
    case 'Parameter':
      declare(node.pat, declared);
      return members;
    case 'ArrowFunctionExpression':
      declare(node.params, declared);
      return members;
    case 'CatchClause':
      declare(node.param, declared);
      return members;
    case 'MemberExpression':
      return isName('property') ? without('property') : members;
    case 'KeyValueProperty':
    case 'KeyValuePatternProperty':
    case 'MethodProperty':
    case 'TsPropertySignature':
      return isName('key') ? without('key') : members;
    default:
      return members;
  }
}

/** Records the names of a pattern, such as `{ input, log }`. */
function declare(pattern: unknown, declared: Set<string>): void {
  if (Array.isArray(pattern)) for (const each of pattern) declare(each, declared);
  if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern)) return;
  const node = pattern as Node;
  if (node.type === 'Identifier') declared.add(String(node.value));
  for (const member of ['elements', 'properties', 'value', 'left', 'argument'])
    declare(node[member], declared);
  if (node.type === 'AssignmentPatternProperty') declare(node.key, declared);
}

/** Returns the names that an entry of the package exports. */
function exportsOf(specifier: string): readonly string[] {
  const subpath = `.${specifier.slice(PACKAGE.length)}`;
  const [, sample = ''] = /^\.\/operations\/(.+)/.exec(subpath) ?? [];
  const file = entries[sample ? './operations/*' : subpath]?.[SOURCE]?.replace('*', sample);
  if (file === undefined) return [];
  const exported = new Set<string>();
  for (const node of (parse(readFileSync(file, 'utf8')) as unknown as { body: readonly Node[] }).body) {
    if (node.type === 'ExportDeclaration') {
      const { declarations, ...declaration } = node.declaration as Node;
      for (const each of (declarations ?? [declaration]) as readonly Node[]) declarationOf(each, exported);
    }
    if (node.type !== 'ExportNamedDeclaration') continue;
    for (const { exported: renamed, orig } of node.specifiers as readonly Record<string, Node>[]) {
      exported.add(String((renamed ?? orig)?.value));
    }
  }
  return [...exported];
}

/** Returns why a block is not JSON; nothing for JSON. */
function jsonErrors({ page, line, text }: Block): readonly string[] {
  try {
    JSON.parse(text.replace(/^\/\/.*/, ''));
    return [];
  } catch (error) {
    return [`${page}, block after line ${line}: ${(error as Error).message}`];
  }
}

test.each([
  ['{ "a": 1, }', 1],
  ['0', 0],
  ['null', 0],
])('%s has %i JSON errors, with page and line', (text, count) => {
  const errors = jsonErrors({ page: 'README.md', line: 7, language: 'json', text });
  expect(errors).toHaveLength(count);
  for (const error of errors) expect(error).toMatch(/^README\.md, block after line 7: .*JSON/);
});

test('each JSON block parses, unless `…` shortens it', () => {
  const json = blocks.filter(({ language, text }) => language === 'json' && !text.includes('…'));
  expect(json).not.toEqual([]);
  expect(json.flatMap(jsonErrors)).toEqual([]);
});

test.each(typeScript)('the block after line $line of $page imports or declares what it uses', (block) => {
  const { declared, used, imported } = namesIn(block.text);
  const missing = [...used].filter(
    (name) => !declared.has(name) && !GLOBALS.includes(name) && !(name in globalThis),
  );
  expect(missing.filter((name) => !OF_THE_APP.includes(name))).toEqual([]);
  if (missing.length > 0)
    expect(readFileSync(block.page, 'utf8')).toMatch(/tutorial\.md#4-put-it-into-an-app\)/);
  for (const [from, names] of imported) {
    if (from !== PACKAGE && !from.startsWith(`${PACKAGE}/`)) continue;
    expect(exportsOf(from)).toEqual(expect.arrayContaining([...names]));
  }
});

test('a block is incomplete that uses a name without its import', () => {
  const { declared, used } = namesIn('const z = { a: 1 };\nconst x = defineOperation({ a: z.a, ...z });');
  expect([...used].filter((name) => !declared.has(name))).toEqual(['defineOperation']);
  expect(exportsOf(`${PACKAGE}/operation`)).toEqual(
    expect.arrayContaining(['defineOperation', 'OperationOptions']),
  );
  expect(exportsOf(`${PACKAGE}/steps`)).not.toContain('defineOperation');
});
