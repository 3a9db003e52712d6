/** Checks server.json, with which the MCP registry lists the package. */
import { readFileSync } from 'node:fs';
import { serverJson } from '../../scripts/server-json.ts';
import { errorsBySchema } from '../support/published-schemas.ts';

const text = readFileSync(new URL('../../server.json', import.meta.url), 'utf8');

test('server.json is what `npm run server-json` generates', () => {
  expect(text).toBe(serverJson());
});

test('it is valid by the schema of the registry', () => {
  expect(errorsBySchema('server-json', JSON.parse(text))).toEqual([]);
});

test('it names this version, and the package names it', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const { name, version, packages } = JSON.parse(text);
  expect([name, version]).toEqual([manifest.mcpName, manifest.version]);
  expect(packages).toMatchObject([{ identifier: manifest.name, version: manifest.version }]);
});

test.each([
  ['a range', { version: '^1.2.3' }],
  ['the newest version', { version: 'latest' }],
  ['a name without a namespace', { name: 'reports' }],
  ['a long description', { description: 'x'.repeat(101) }],
  ['a property of its own', { tools: [] }],
])('the schema refuses %s', (_what, change) => {
  expect(errorsBySchema('server-json', { ...JSON.parse(text), ...change })).not.toEqual([]);
});
