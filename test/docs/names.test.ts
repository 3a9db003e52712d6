/** Checks what the pages name: commands and their options, context keys, outputs, options, codes, log messages and files. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { JobStatus } from '../../lambdas/jobs/job.ts';
import { contextKeys } from '../../scripts/reference/context-keys.ts';
import { matches } from '../support/insights-queries.ts';
import { pages as paths } from './pages.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const sourcesOf = (...patterns: string[]) =>
  globSync(patterns, { exclude: ['**/node_modules'] })
    .map(read)
    .join('\n');

const pages = paths.map((page) => ({ page, text: read(page) }));
const functions = sourcesOf('lambdas/**/*.ts');
const constructs = sourcesOf('lib/**/*.ts');
const programs = sourcesOf('local/**/*.ts', 'bench/**/*.ts', 'test/{drill,chaos,rehearsal,clients}/**/*.ts');
const { scripts } = JSON.parse(read('package.json'));

/** Codes of AWS, and what the reader replaces in a command of another page. */
const OF_OTHERS: readonly string[] = ['UPDATE_ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_FAILED', 'QUEUE_ARN'];

/** Expects that the names which a page has by a pattern are known. */
function expectKnown(pattern: RegExp, isKnown: (name: string, page: string) => boolean): void {
  const found = pages.flatMap(({ page, text }) => matches(text, pattern).map((name) => ({ page, name })));
  expect(found).not.toEqual([]);
  const unknown = found.filter(({ page, name }) => !isKnown(name, page));
  expect(unknown).toEqual([]);
}

/** Returns the shell commands of a page. */
function commandsOf(page: string): string {
  return matches(read(page), /^ *```sh[^\n]*\n(.*?)^ *```/gms).join('\n');
}

/** Returns the source of the program that a script of package.json runs, such as `local/cli/dev.ts`. */
function programOf(script: string): string | undefined {
  const [, entry, command] = /node (?:--\S+ )*(\S+\.ts)(?: (\S+))?$/.exec(scripts[script] ?? '') ?? [];
  if (entry === undefined) return undefined;
  return read(entry === 'local/cli/bin.ts' ? `local/cli/${command}.ts` : entry);
}

/** Scripts that pass their options to a program of another package. */
const PASS_ON: readonly string[] = ['mutate'];

function hasOption(script: string, option: string): boolean {
  if (PASS_ON.includes(script)) return true;
  const source = programOf(script);
  return source !== undefined && new RegExp(`\\b${option}'?: (?:flag|\\{)|--${option}\\b`).test(source);
}

/** Returns the options of the construct, such as `limits.startsPerMinute`, from the page that is generated from the code. */
function optionsOfConstruct(): readonly string[] {
  const [, ...sections] = read('docs/reference/options.md').split(/^##+ /m);
  return sections.flatMap((section) => {
    const [, path = ''] = /^`(?:monitoring\.)?(.*?)`/.exec(section) ?? [];
    return matches(section, /^\| `(\w+)`/gm).map((name) => `${path}.${name}`);
  });
}

test('each script that a page runs is in package.json', () => {
  const ofExamples = globSync('examples/*/package.json').flatMap((file) =>
    Object.keys(JSON.parse(read(file)).scripts),
  );
  expectKnown(
    /\bnpm run (?:--silent )?([a-z][\w:-]*)/g,
    (name, page) => name in scripts || (page.startsWith('examples/') && ofExamples.includes(name)),
  );
});

test('each option that a page gives to a script is one of its program', () => {
  const found = pages.flatMap(({ page, text }) =>
    [...text.matchAll(/\bnpm (?:run )?([a-z][\w:-]*) -- ([^`\n#]+)/g)].flatMap(([, script = '', args = '']) =>
      matches(args, /(?:^|\s)--([a-z][a-z-]*)/g).map((option) => ({ page, script, option })),
    ),
  );
  expect(found).not.toEqual([]);
  expect(found.filter(({ script, option }) => !hasOption(script, option))).toEqual([]);
});

test('each key of the CDK context that a page sets is one that the app reads', () => {
  expectKnown(/(?:^|[\s`])-c ([a-zA-Z]\w*)=/gm, (key) => key === 'key' || key in contextKeys);
});

test('each output that a page reads exists', () => {
  const outputs = matches(constructs, /(?:output\(|new CfnOutput\(this, )\s*'(\w+)'/g);
  expectKnown(/(?:\$\((?:OUT|output) |\boutputs? `)(\w+)/g, (name) => outputs.includes(name));
});

test('each option of the construct that a page names exists', () => {
  const options = optionsOfConstruct();
  expectKnown(
    /`(?:monitoring\.)?((?:limits|thresholds|webhooks|monitoring|reservedConcurrency|budget|canary)\.\w+)`/g,
    (option) => options.includes(option),
  );
});

test('each code and variable that a page names is in the sources', () => {
  const sources = [
    functions,
    constructs,
    programs,
    sourcesOf('console/**/*.ts*', 'scripts/**/*.ts', 'examples/*/*/*.ts'),
  ].join('\n');
  expectKnown(
    /`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`/g,
    (code, page) => OF_OTHERS.includes(code) || sources.includes(code) || commandsOf(page).includes(code),
  );
});

test('each message that docs/reference/logs.md lists is logged', () => {
  const [, table = ''] = /## The life of a job\n(.*?)\n## /s.exec(read('docs/reference/logs.md')) ?? [];
  const messages = matches(table, /`([A-Z][^`]+)`/g).filter((message) => message.includes(' '));
  const isLogged = (message: string) =>
    functions.includes(`'${message}'`) ||
    Object.values(JobStatus).some((status) => message === `Job ${status}`);
  expect(messages.length).toBeGreaterThan(10);
  expect(messages.filter((message) => !isLogged(message))).toEqual([]);
});

test('each file of the repository that a page names exists', () => {
  expectKnown(
    /`((?:lambdas|lib|local|console|test|bench|examples|scripts|docs)\/[\w./-]+)`/g,
    (file, page) => existsSync(file) || existsSync(join(dirname(page), file)),
  );
});

test('each variable of a command is set on its page, or explained there', () => {
  const unknown = pages
    .filter(({ page }) => !page.startsWith('docs/runbooks/'))
    .flatMap(({ page, text }) => {
      const commands = commandsOf(page);
      const prose = text.replaceAll(/^ *```.*?^ *```/gms, '');
      return matches(commands, /\$\{?([A-Z][A-Z0-9_]*)/g)
        .filter((name) => !new RegExp(`(?:^|[\\s(])${name}=|read -r ${name}\\b`, 'm').test(commands))
        .filter((name) => name !== 'HOME' && !prose.includes(`\`${name}\``))
        .map((name) => `${page}: ${name}`);
    });
  expect(unknown).toEqual([]);
});
