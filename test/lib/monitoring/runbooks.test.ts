/** Checks that each alarm has a runbook in the package, and that no link of monitoring, the operations guide and the runbooks is dead. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

interface Link {
  readonly from: string;
  readonly to: string;
  readonly heading: string;
}

function linksOf(file: string): readonly Link[] {
  const links = read(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g);
  return [...links].map(([, path = '', heading = '']) => ({
    from: file,
    to: path === '' ? file : join(dirname(file), path),
    heading,
  }));
}

/** Returns the anchors of headings, as GitHub makes them. */
function anchorsOf(file: string): readonly string[] {
  const headings = read(file).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isDead({ to, heading }: Link): boolean {
  if (!existsSync(to)) return true;
  return heading !== '' && to.endsWith('.md') && !anchorsOf(to).includes(heading);
}

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

whenWritten('no link of monitoring, the operations guide and the runbooks is dead', () => {
  const pages = [
    'docs/guides/monitoring.md',
    'docs/guides/operations-guide.md',
    ...written.map((file) => join(DIRECTORY, file)),
  ];
  expect(pages.flatMap(linksOf).filter(isDead)).toEqual([]);
});

test('a link to a page or a heading that does not exist is dead', () => {
  const from = 'docs/guides/monitoring.md';
  expect(isDead({ from, to: 'docs/runbooks/no-such-alarm.md', heading: '' })).toBe(true);
  expect(isDead({ from, to: from, heading: 'no-such-heading' })).toBe(true);
  expect(isDead({ from, to: from, heading: 'what-it-costs' })).toBe(false);
});

test('docs/guides/monitoring.md lists each saved query', () => {
  const document = read('docs/guides/monitoring.md');
  for (const query of savedQueries) expect(document).toContain(`| \`${query.name}\``);
});
