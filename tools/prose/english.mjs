// Divides text into sentences, counts their words, and finds phrases that the project does not use.
import { readFileSync } from 'node:fs';
import { ParseEnglish } from 'parse-english';

const rules = JSON.parse(readFileSync(new URL('rules.json', import.meta.url), 'utf8'));
const english = new ParseEnglish();
const banned = rules.banned.map(({ pattern, ...rule }) => ({
  ...rule,
  pattern: new RegExp(`(?<![\\w-])(?:${pattern})(?![\\w-])`, 'gi'),
}));
for (const { pattern, wrong, right } of banned) {
  if (!wrong.match(pattern) || right?.match(pattern))
    throw new Error(`rules.json: ${pattern} misses its example.`);
}

export const { averageWords, longestWords } = rules;

/** Returns the sentences of a text of one paragraph, each with its number of words and where it begins. */
export function sentencesOf(text) {
  return english.parse(text).children.flatMap(({ children = [] }) =>
    children
      .filter(({ type }) => type === 'SentenceNode')
      .map(({ children: parts, position: { start, end } }) => ({
        text: text.slice(start.offset, end.offset),
        offset: start.offset,
        words: parts.filter(({ type }) => type === 'WordNode').length,
      }))
      .filter(({ words }) => words > 0),
  );
}

/** Returns the phrases of a text that break a rule, and what to write instead. */
export function bannedPhrasesOf(text) {
  return banned.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map(({ 0: phrase, index }) => ({ phrase, instead, offset: index })),
  );
}
