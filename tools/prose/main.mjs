// Checks the project's English: prints the length of its sentences by set of pages, and by page what breaks the rules.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { averageWords, bannedPhrasesOf, longestWords, sentencesOf } from './english.mjs';
import { textsOfMarkdown } from './markdown.mjs';
import { textsOfSource } from './source.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { report: { type: 'boolean', default: false }, quiet: { type: 'boolean', default: false } },
});
const SOURCES = ['bin', 'console', 'lambdas', 'lib', 'local'];
/** Sets of pages; the average counts for each. docs/api comes from the doc comments. */
const SETS = {
  README: ['README.md'],
  project: ['CONTRIBUTING.md', 'SECURITY.md', '.github', 'examples'],
  docs: ['docs', 'docs/start', 'docs/guides', 'docs/reference', 'docs/explanation'],
  decisions: ['docs/decisions'],
  runbooks: ['docs/runbooks'],
};

/** Returns the files of a folder, and of folders below unless they are below docs/, whose names match `extension`. */
function filesOf(path, extension) {
  if (extension.test(path)) return [path];
  if (!existsSync(`${root}${path}`)) return [];
  return readdirSync(`${root}${path}`, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory()) return path.startsWith('docs') ? [] : filesOf(inner, extension);
      return extension.test(entry.name) ? [inner] : [];
    })
    .sort();
}

function read(file) {
  return readFileSync(`${root}${file}`, 'utf8');
}

function* pagesOfSets() {
  for (const [set, paths] of Object.entries(SETS)) {
    for (const file of paths.flatMap((path) => filesOf(path, /\.md$/))) {
      yield { set, file, texts: textsOfMarkdown(read(file)) };
    }
  }
  for (const file of SOURCES.flatMap((path) => filesOf(path, /\.tsx?$/))) {
    const { messages, comments } = textsOfSource(file, read(file));
    yield { set: 'messages', file, texts: messages };
    yield { set: 'doc comments', file, texts: comments };
  }
}

/** Returns the sentences and the faults of a page. */
function checked({ set, file, texts }) {
  const sentences = [];
  const faults = [];
  for (const { text, line, prose } of texts) {
    const lineOf = (offset) => line + text.slice(0, offset).split('\n').length - 1;
    for (const { words, offset, text: sentence } of sentencesOf(text)) {
      if (prose) sentences.push(words);
      if (words > longestWords)
        faults.push({ line: lineOf(offset), fault: `${words} words: ${excerpt(sentence)}` });
    }
    for (const { phrase, instead, offset } of bannedPhrasesOf(text)) {
      faults.push({ line: lineOf(offset), fault: `"${phrase.replaceAll(/\s+/g, ' ')}": ${instead}` });
    }
  }
  return { set, file, sentences, faults };
}

function excerpt(sentence) {
  return `${sentence.split(/\s+/).slice(0, 10).join(' ')} …`;
}

function average(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
}

const pages = [...pagesOfSets()]
  .filter(({ file }) => positionals.length === 0 || positionals.some((path) => file.startsWith(path)))
  .map(checked);
if (pages.length === 0)
  throw new Error(`No page begins with ${positionals.join(', ')}. Give paths from the project's root.`);
let faults = 0;

if (!values.quiet) {
  for (const { file, sentences, faults: found } of pages) {
    if (found.length === 0) continue;
    console.log(`\n${file} (average ${average(sentences).toFixed(1)})`);
    for (const { line, fault } of found.sort((a, b) => a.line - b.line))
      console.log(`${String(line).padStart(6)}  ${fault}`);
  }
}
console.log('\nset           sentences  average  longest  faults');
for (const set of new Set(pages.map((page) => page.set))) {
  const own = pages.filter((page) => page.set === set);
  const sentences = own.flatMap((page) => page.sentences);
  const found = own.reduce((sum, page) => sum + page.faults.length, 0);
  const mean = average(sentences);
  faults += found + (mean > averageWords ? 1 : 0);
  const longest = Math.max(0, ...sentences);
  console.log(
    [
      set.padEnd(12),
      String(sentences.length).padStart(10),
      mean.toFixed(1).padStart(8),
      String(longest).padStart(8),
      String(found).padStart(7),
    ].join(' '),
  );
}
console.log(
  `Goal: at most ${averageWords} words on average and ${longestWords} in a sentence, no banned phrase.`,
);
if (faults > 0 && !values.report) process.exitCode = 1;
