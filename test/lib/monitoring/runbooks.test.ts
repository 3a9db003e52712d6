/** Checks that each alarm has a runbook in the package. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { alarms } from '../../../lib/monitoring/alarms.ts';
import { packagedRunbooks } from '../../../lib/monitoring/monitoring-options.ts';
import { savedQueries } from '../../../lib/monitoring/saved-queries.ts';

const DIRECTORY = 'docs/runbooks';
/** Alarms of options. */
const OPTIONAL = [
  'canary-failing',
  'cost-budget',
  'slo-deliveries-fast',
  'slo-deliveries-slow',
  'slo-starts-fast',
  'slo-starts-slow',
];

const read = (file: string) => readFileSync(file, 'utf8');
const { name, version, files } = JSON.parse(read('package.json'));
const written = existsSync(DIRECTORY) ? readdirSync(DIRECTORY).sort() : [];
/** The runbooks are written after the alarms. From the first one on, all must be there. */
const whenWritten = written.length > 0 ? test : test.skip;

test('alarms link the runbooks of the version that is installed, which its package has', () => {
  expect(packagedRunbooks()).toBe(`https://unpkg.com/${name}@${version}/${DIRECTORY}`);
  expect(files).toContain('docs');
  expect(files).not.toContain(`!${DIRECTORY}`);
});

whenWritten('each alarm has a runbook, and each runbook an alarm', () => {
  const ids = [...alarms.map(({ id }) => id), ...OPTIONAL];
  const pages = written.filter((file) => file !== 'README.md');
  expect(pages).toEqual(ids.map((id) => `${id}.md`).sort());
});

test('docs/guides/monitoring.md lists each saved query', () => {
  const document = read('docs/guides/monitoring.md');
  for (const query of savedQueries) expect(document).toContain(`| \`${query.name}\``);
});
