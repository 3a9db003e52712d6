/** Checks that no link of a page leads to a file or a heading that does not exist. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pages } from './pages.ts';

interface Link {
  readonly from: string;
  readonly to: string;
  readonly heading: string;
}

function linksOf(file: string): readonly Link[] {
  const links = readFileSync(file, 'utf8')
    .replaceAll(/^( *)```.*?^\1```/gms, '')
    .matchAll(/(?:\]\(|(?:src|srcset)=")(?![a-z]+:)([^)#\s"]*)(?:#([^)\s"]+))?[)"]/g);
  return [...links].map(([, path = '', heading = '']) => ({
    from: file,
    to: path === '' ? file : join(dirname(file), path),
    heading,
  }));
}

/** Returns the anchors of headings, as GitHub makes them, and those of rows. */
function anchorsOf(file: string): readonly string[] {
  const page = readFileSync(file, 'utf8');
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/\]\([^)]*\)/g, '')
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const rows = [...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = '']) => id);
  return [...headings, ...rows];
}

function isDead({ to, heading }: Link): boolean {
  if (!existsSync(to)) return true;
  if (heading === '') return false;
  return statSync(to).isDirectory() || (to.endsWith('.md') && !anchorsOf(to).includes(heading));
}

// GitHub itself resolves the link of SECURITY.md, which leads out of the repository.
test.each(pages.filter((page) => page !== 'SECURITY.md'))('%s has no dead link', (page) => {
  expect(linksOf(page).filter(isDead)).toEqual([]);
});

test('a link to a page or a heading that does not exist is dead', () => {
  const from = 'docs/guides/monitoring.md';
  expect(isDead({ from, to: 'docs/runbooks/no-such-alarm.md', heading: '' })).toBe(true);
  expect(isDead({ from, to: from, heading: 'no-such-heading' })).toBe(true);
  expect(isDead({ from, to: from, heading: 'what-it-costs' })).toBe(false);
});
