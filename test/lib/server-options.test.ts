/** Tests how the server introduces itself: the options, their checks, and the CDK context. */
import { readFileSync } from 'node:fs';
import { readCard, readIdentity } from '../../lambdas/shared/server-identity.ts';
import {
  cardOf,
  checkServer,
  identityOf,
  readServer,
  type ServerOptions,
} from '../../lib/endpoints/server-options.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

test('without options, the server is this package', () => {
  const identity = { name: 'mcp-async-operations', title: 'Async Operations', version };
  expect([identityOf({}), cardOf({})]).toEqual([{}, {}]);
  expect(readIdentity()).toEqual(identity);
  expect(readCard()).toEqual({
    ...identity,
    description: expect.stringMatching(/^.{1,100}$/),
  });
});

test('with options, clients that connect and clients that read the card learn the same', () => {
  const options: ServerOptions = {
    name: 'com.example/reports',
    title: 'Reports',
    description: 'Makes reports.',
    version: '2.0.0',
    websiteUrl: 'https://example.com/reports',
  };
  checkServer(options);
  expect(identityOf(options)).toEqual({ name: 'reports', title: 'Reports', version: '2.0.0' });
  expect(cardOf(options)).toEqual({ ...options, name: 'reports', namespace: 'com.example' });
});

test('the operator may publish no card', () => {
  expect(readCard(JSON.stringify(cardOf({ card: false })))).toBeUndefined();
});

test.each<[keyof ServerOptions, string]>([
  ['name', 'reports'],
  ['name', 'com.example/a/b'],
  ['name', 'com example/reports'],
  ['name', `com.example/${'x'.repeat(200)}`],
  ['title', ''],
  ['title', 'x'.repeat(101)],
  ['title', '😀'.repeat(64)],
  ['title', 'a\u0000b'],
  ['description', 'x'.repeat(101)],
  ['description', 'two\nlines'],
  ['description', '報'.repeat(86)],
  ['version', 'latest'],
  ['version', '^1.2.3'],
  ['version', '1.x'],
  ['version', ''],
  ['websiteUrl', 'http://example.com'],
  ['websiteUrl', 'javascript:alert(1)'],
  ['websiteUrl', 'https://user@example.com'],
  ['websiteUrl', 'https://['],
  ['websiteUrl', `https://example.com/${'x'.repeat(236)}`],
])('%s "%s" is refused with the value and the remedy', (option, value) => {
  expect(() => checkServer({ [option]: value })).toThrow(new RegExp(`^server\\.${option} is "[^]*": give `));
});

test('the longest values that are allowed fit the schema of the card', () => {
  const longest: ServerOptions = {
    title: '報'.repeat(85),
    description: 'x'.repeat(100),
    websiteUrl: `https://example.com/${'x'.repeat(235)}`,
  };
  expect(() => checkServer(longest)).not.toThrow();
});

const read = (context: Record<string, unknown>) =>
  readServer({ tryGetContext: (key: string) => context[key] });

test('the CDK context has the options too', () => {
  expect(read({})).toBeUndefined();
  expect(read({ serverName: 'com.example/reports', serverVersion: '2.0.0', serverCard: 'false' })).toEqual({
    name: 'com.example/reports',
    version: '2.0.0',
    card: false,
  });
  expect(read({ serverCard: true })).toEqual({ card: true });
  expect(() => read({ serverCard: 'no' })).toThrow('serverCard is "no": give true or false.');
});
