/**
 * Translates globs to RE2 patterns, which run in linear time. They mean what they mean to minimatch with `matchBase` and `dot`;
 * in addition a class such as `[slug]` matches its own text, because web frameworks name files so.
 */
import { OperationError } from 'mcp-async-operations/operation';
import { RE2JS } from 're2js';

/** Limits of brace expansion: each pair of braces multiplies the length. */
const MAX_EXPANDED = 256;
const MAX_EXPANDED_CHARACTERS = 16_000;

/** What a glob selects. */
export interface GlobPattern {
  /** RE2 syntax, for a whole path in NFC. */
  readonly pattern: string;
  /** The glob begins with `!`: it selects the paths that do not match. */
  readonly isNegated: boolean;
}

/** @throws OperationError PATTERN_INVALID */
export function translateGlob(glob: string): GlobPattern {
  const text = glob.normalize('NFC');
  const [bangs = ''] = /^!+(?!\()/.exec(text) ?? [];
  const parts = expandBraces(text.slice(bangs.length)).map(pathPattern);
  return { pattern: `^(?:${parts.join('|')})$`, isNegated: bangs.length % 2 === 1 };
}

/** Translates a glob without braces. One without a slash, except a trailing one, matches at any depth. */
function pathPattern(glob: string): string {
  const path = glob.replaceAll(/\/(?:\.?\/)+/g, '/');
  const isAnchored = /\/./s.test(path);
  const relative = path.replace(/^\.?\//, '');
  // A directory stands for all files in it.
  const files = relative.endsWith('/') || relative === '' ? `${relative}**` : relative;
  return `${isAnchored || relative === '' ? '' : '(?:.*/)?'}${segmentsPattern(files)}`;
}

function segmentsPattern(glob: string): string {
  let pattern = '';
  for (let at = 0; at < glob.length; ) {
    const { length, to } = nextToken(glob, at);
    pattern += to;
    at += length;
  }
  return pattern;
}

interface Token {
  /** Characters of the glob. */
  readonly length: number;
  readonly to: string;
}

const REPEATS: Readonly<Record<string, string>> = { '@': '', '?': '?', '*': '*', '+': '+' };

function nextToken(glob: string, at: number): Token {
  const rest = glob.slice(at);
  const isSegmentStart = at === 0 || glob[at - 1] === '/';
  if (isSegmentStart && rest.startsWith('**/')) return { length: 3, to: '(?:.*/)?' };
  if (isSegmentStart && rest === '**') return { length: 2, to: '.*' };
  const group = /^[@?*+!]\(/.test(rest) ? groupEnd(rest) : undefined;
  if (group !== undefined) return groupToken(rest, group);
  const stars = /^\*+(?!\()|^\*/.exec(rest)?.[0].length;
  if (stars) return { length: stars, to: '[^/]*' };
  if (rest.startsWith('?')) return { length: 1, to: '[^/]' };
  if (rest.startsWith('[')) return classToken(rest) ?? { length: 1, to: '\\[' };
  const [character = ''] = /^\\?./su.exec(rest) ?? [];
  return { length: character.length, to: RE2JS.quote(character.replace(/^\\(?=.)/s, '')) };
}

/** @returns the index of the parenthesis that closes a group; undefined when none does */
function groupEnd(text: string): number | undefined {
  let depth = 0;
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return undefined;
}

/** `@(a|b)`, `?(a)`, `*(a)` and `+(a)`, as in bash. */
function groupToken(text: string, end: number): Token {
  const [kind = ''] = text;
  const repeat = REPEATS[kind];
  if (repeat === undefined) {
    throw invalid(`"${text.slice(0, end + 1)}" is not supported. Begin the glob with ! to leave files out`);
  }
  const choices = splitTop(text.slice(2, end), '|', '(', ')').map(segmentsPattern);
  return { length: end + 1, to: `(?:${choices.join('|')})${repeat}` };
}

/** `[a-z]`, `[!a]`, `[[:alpha:]]` and `[\]]`. @returns undefined when no bracket closes it within the segment */
function classToken(text: string): Token | undefined {
  const [whole, negation, members] = /^\[([!^]?)(\]?(?:\[:[a-z]+:\]|\\[^/]|[^\]\\/])*)\]/su.exec(text) ?? [];
  if (whole === undefined || !members) return undefined;
  const parts = [...members.matchAll(/\[:[a-z]+:\]|(\\?.)-(\\?[^\\]|\\.)|(\\?.)/gsu)].flatMap(
    ([part, from, to, single]) => {
      if (single !== undefined) return [escaped(single)];
      if (from === undefined || to === undefined) return [part];
      return rangePattern(plain(from), plain(to));
    },
  );
  const own = whole.includes('\\') ? [] : [RE2JS.quote(whole)];
  const set = negation ? [`[^/${parts.join('')}]`] : parts.length > 0 ? [`[${parts.join('')}]`] : [];
  return { length: whole.length, to: `(?:${[...set, ...own].join('|')})` };
}

/** Leaves the slash out of a range, and returns nothing for one that ends before it begins. */
function rangePattern(from: string, to: string): string[] {
  const [first = 0, last = 0] = [from.codePointAt(0), to.codePointAt(0)];
  if (first > last) return [];
  const slash = 0x2f;
  if (first > slash || last < slash) return [`${escaped(from)}-${escaped(to)}`];
  return [...rangePattern(from, '.'), ...rangePattern('0', to)];
}

function plain(member: string): string {
  return member.replace(/^\\(?=.)/s, '');
}

/** @returns a member of a class in RE2 syntax */
function escaped(member: string): string {
  return `\\x{${plain(member).codePointAt(0)?.toString(16)}}`;
}

/**
 * Expands braces as shells do: `{a,b}`, nested ones, `{1..3}` and `{a..c}`. Braces without a comma or a range are text.
 * @throws OperationError PATTERN_INVALID for an unclosed brace, or too many expansions
 */
function expandBraces(glob: string): string[] {
  for (let start = indexOf(glob, '{', 0); start >= 0; start = indexOf(glob, '{', start + 1)) {
    const end = closingBrace(glob, start);
    const body = glob.slice(start + 1, end);
    const choices = splitTop(body, ',', '{', '}');
    const options = choices.length > 1 ? choices.flatMap(expandBraces) : rangeOf(body);
    if (!options) continue;
    const [head, tails] = [glob.slice(0, start), expandBraces(glob.slice(end + 1))];
    const count = options.length * tails.length;
    if (count > MAX_EXPANDED || count * glob.length > MAX_EXPANDED_CHARACTERS) {
      throw invalid('its braces make too many combinations. Use fewer braces');
    }
    return options.flatMap((option) => tails.map((tail) => `${head}${option}${tail}`));
  }
  // What is left of braces is text.
  return [glob];
}

function indexOf(text: string, wanted: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === wanted) return at;
  }
  return -1;
}

function closingBrace(glob: string, start: number): number {
  let depth = 0;
  for (let at = start; at < glob.length; at += 1) {
    if (glob[at] === '\\') at += 1;
    else if (glob[at] === '{') depth += 1;
    else if (glob[at] === '}' && --depth === 0) return at;
  }
  throw invalid('a brace is not closed. Close it, or write \\{ for the character');
}

/** Splits at a separator that is neither escaped nor nested. */
function splitTop(text: string, separator: string, open: string, close: string): string[] {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] === '\\' ? text.slice(at, at + 2) : (text[at] ?? '');
    if (character.length > 1) at += 1;
    if (character === open) depth += 1;
    if (character === close) depth -= 1;
    if (character === separator && depth === 0) parts.push('');
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts;
}

/** @returns the texts of `1..3` or `a..c`, with an optional step; undefined for another text */
function rangeOf(body: string): string[] | undefined {
  const [, from, to, step = '1'] =
    /^(-?\d{1,9}|[a-zA-Z])\.\.(-?\d{1,9}|[a-zA-Z])(?:\.\.(-?\d{1,9}))?$/.exec(body) ?? [];
  if (from === undefined || to === undefined || /\d/.test(from) !== /\d/.test(to)) return undefined;
  const isNumber = /\d/.test(from);
  const [first, last] = isNumber ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  const by = Math.max(1, Math.abs(Number(step)));
  const count = Math.floor(Math.abs(last - first) / by) + 1;
  if (count > MAX_EXPANDED) throw invalid(`{${body}} is too long. Use a shorter range`);
  const width = /^-?0\d/.test(from) || /^-?0\d/.test(to) ? Math.max(from.length, to.length) : 0;
  return Array.from({ length: count }, (_, index) => {
    const value = first + Math.sign(last - first) * by * index;
    if (!isNumber) return String.fromCharCode(value);
    return value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0');
  });
}

function invalid(reason: string): OperationError {
  return new OperationError('PATTERN_INVALID', `glob: ${reason}.`);
}
