// Lists the pages of docs/ for the sidebar: its sections in a reader's order, each page under its own heading.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders with the pages that come first. Pages that are not named follow, by their file names. */
const SECTIONS = [
  { text: 'Start', folder: 'start', first: ['tutorial'] },
  {
    text: 'Guides',
    folder: 'guides',
    first: [
      'writing-operations',
      'jobs',
      'webhooks',
      'clients',
      'security',
      'console',
      'operations-guide',
      'monitoring',
      'cost',
    ],
  },
  {
    text: 'Reference',
    folder: 'reference',
    first: ['tools', 'http-api', 'events', 'errors', 'operation-definition', 'options', 'limits'],
  },
  { text: 'Construct and step API', folder: 'api', first: ['mcp-async-operations', 'operation', 'steps'] },
  {
    text: 'Explanation',
    folder: 'explanation',
    first: [
      'architecture',
      'failures',
      'waiting',
      'questions-and-files',
      'events',
      'security-model',
      'comparison',
    ],
  },
  { text: 'Decisions', folder: 'decisions', first: ['README'] },
  { text: 'Runbooks', folder: 'runbooks', first: ['README'] },
];

export function sidebarOf(docs) {
  const sections = SECTIONS.filter(({ folder }) => existsSync(join(docs, folder)));
  return [
    ...sections.map(({ text, folder, first }, index) => ({
      text,
      collapsed: index >= 3,
      items: pagesOf(join(docs, folder), first).map((name) => itemOf(docs, folder, name)),
    })),
    ...(existsSync(join(docs, 'glossary.md')) ? [{ text: 'Glossary', link: '/glossary' }] : []),
  ];
}

function pagesOf(directory, first) {
  const names = readdirSync(directory)
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.slice(0, -'.md'.length));
  const rank = (name) => (first.includes(name) ? first.indexOf(name) : first.length);
  return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en'));
}

function itemOf(docs, folder, name) {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(docs, folder, `${name}.md`), 'utf8')) ?? [];
  const page = name === 'README' ? '' : name;
  return { text: title?.replaceAll('`', '') ?? name, link: `/${folder}/${page}` };
}
