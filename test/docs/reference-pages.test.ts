/** Checks the generated pages of the reference, and what they are generated from. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { routeDescriptions } from '../../lambdas/api/reference/index.ts';
import { routes } from '../../lambdas/api/routes.ts';
import { sampleErrors } from '../../lambdas/operations/error-meanings.ts';
import { operations } from '../../lambdas/operations/index.ts';
import { engineErrors } from '../../lambdas/shared/error-meanings.ts';
import { ErrorCode } from '../../lambdas/shared/errors.ts';
import { gatewayErrors } from '../../scripts/reference/gateway-errors.ts';
import { curlOf } from '../../scripts/reference/http-api/curl.ts';
import { referencePages, stalePages } from '../../scripts/reference-docs.ts';

test('the generated pages are what `npm run reference-docs` generates', () => {
  expect(stalePages()).toEqual([]);
});

test('the links of the generated pages lead to files', () => {
  for (const page of Object.keys(referencePages).filter((path) => path.endsWith('.md'))) {
    const links = [...readFileSync(`docs/${page}`, 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)];
    const broken = links.map(([, link = '']) => link).filter((link) => !existsSync(`docs/reference/${link}`));
    expect({ page, broken }).toEqual({ page, broken: [] });
  }
});

test('each route has a description, and each description a route', () => {
  expect(Object.keys(routeDescriptions).sort()).toEqual(
    routes.map(({ method, path }) => `${method} ${path}`).sort(),
  );
});

test('each error code of the engine has a meaning and a remedy', () => {
  expect(Object.keys(engineErrors).sort()).toEqual(Object.values(ErrorCode).sort());
});

test('each error code of the samples has a meaning and a remedy, and names operations', () => {
  const used = codesBelow('lambdas/operations', /(?:OperationError\(\s*|\bcode: )'([A-Z][A-Z_]+)'/g);
  const ofEngine: readonly string[] = Object.values(ErrorCode);
  expect(Object.keys(sampleErrors)).toEqual(used.filter((code) => !ofEngine.includes(code)));
  const names = operations.map(({ name }) => name);
  for (const { operations: given } of Object.values(sampleErrors)) {
    expect(names).toEqual(expect.arrayContaining([...given]));
  }
});

test('each error code of the gateway has a meaning and a remedy', () => {
  const used = codesBelow('lib/access', /\bcode: '([A-Z][A-Z_]+)'/g);
  expect(gatewayErrors.map(({ code }) => code)).toEqual(expect.arrayContaining([...used]));
});

test.each(['tools', 'events', 'errors', 'options', 'http-api'])('each row of %s.md has a meaning', (page) => {
  const lines = readFileSync(`docs/reference/${page}.md`, 'utf8').split('\n');
  expect(lines.filter((line) => /\|\s*\|$/.test(line))).toEqual([]);
});

test('the page of the HTTP API has a section and a call for each route', () => {
  const sections = readFileSync('docs/reference/http-api.md', 'utf8').split(/^### /m);
  for (const { method, path } of routes) {
    const section = sections.find((text) => text.includes(`\n\`${method} ${path}\` `)) ?? '';
    expect([path, /```sh\ncurl -s /.test(section)]).toEqual([path, true]);
  }
});

test('a path parameter without an example has no call', () => {
  const parameter = { name: 'file', in: 'path', description: 'Name of a file.', schema: {} } as const;
  const route = {
    ...{ method: 'GET', path: '/console/{file}', tags: [], summary: '', security: [], responses: {} },
    parameters: [parameter],
  };
  expect(() => curlOf(route)).toThrow('"file" has no example. Add an example.');
  expect(curlOf({ ...route, parameters: [{ ...parameter, example: 'app.js' }] })).toContain(
    '/console/app.js',
  );
});

test('the headings of the page of the HTTP API differ', () => {
  const lines = readFileSync('docs/reference/http-api.md', 'utf8').split('\n');
  const headings = lines.filter((line) => /^##+ /.test(line)).map((line) => line.replace(/^#+ /, ''));
  expect(headings).toEqual([...new Set(headings)]);
});

/** Returns the codes in the sources of a directory, sorted. */
function codesBelow(directory: string, pattern: RegExp): readonly string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const codes = files.flatMap((file) =>
    [...readFileSync(`${directory}/${file}`, 'utf8').matchAll(pattern)].map(([, code = '']) => code),
  );
  return [...new Set(codes)].sort();
}
