/** Reads the queries of Logs Insights that the runbooks have and the stack saves. */
import { readdirSync, readFileSync } from 'node:fs';
import { savedQueries } from '../../lib/monitoring/saved-queries.ts';

const DIRECTORY = 'docs/runbooks';
const WORDS: readonly string[] = [
  ...['fields', 'filter', 'stats', 'sort', 'limit', 'unnest'],
  ...['as', 'asc', 'by', 'desc', 'and', 'in', 'into', 'like', 'not', 'or'],
];

export interface Page {
  /** Id of the alarm. */
  readonly id: string;
  readonly text: string;
}

/** The runbooks, without their index. */
export const runbooks: readonly Page[] = readdirSync(DIRECTORY)
  .filter((file) => file !== 'README.md')
  .map((file) => ({ id: file.slice(0, -'.md'.length), text: readFileSync(`${DIRECTORY}/${file}`, 'utf8') }));

export interface Query {
  /** Id of a runbook, or name of a saved query. */
  readonly of: string;
  readonly query: string;
}

export const queries: readonly Query[] = [
  ...runbooks.flatMap(({ id, text }) =>
    matches(text, /^```text\n(.*?)^```/gms).map((query) => ({ of: id, query })),
  ),
  ...savedQueries.map(({ name, lines }) => ({ of: name, query: lines.join('\n| ') })),
];

/** Returns the first groups of all matches, without repetitions. */
export function matches(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, group = '']) => group))];
}

/** Returns the fields that a query reads, without the names that it gives itself and without `listsOf`. */
export function fieldsOf({ query }: Query): readonly string[] {
  const lists = listsOf({ query });
  const bare = query
    .replaceAll(/"[^"]*"|\/[^/\n]*\//g, '')
    .replaceAll(/ispresent\(([\w.]+)\)/g, (call, name) => (lists.includes(name.split('.')[0]) ? '' : call));
  const given = matches(bare, /\b(?:as|into) (\w+)/g);
  const functions = matches(bare, /\b(\w+)\(/g);
  return matches(bare, /(?<![\w.])([@A-Za-z][\w.@]*)/g).filter(
    (word) => ![...WORDS, ...functions, ...given].includes(word) && !given.includes(word.split('.')[0] ?? ''),
  );
}

/** Returns the members of a line that a query unnests: a list of values, or one value. */
export function listsOf({ query }: Pick<Query, 'query'>): readonly string[] {
  return matches(query, /unnest document\.(\w+) into/g);
}
