// Lists the texts of a TypeScript file that a person or a model reads: doc comments, errors, descriptions and labels.
import { parseSync } from 'oxc-parser';
import { textsOfMarkdown } from './markdown.mjs';

/** A string with fewer words is a name, a key or a label. */
const FEWEST_WORDS = 4;
const CODE = /[{}<>;=]|=>|\$\(|^\s*(SELECT|SOURCE|fields|stats|filter)\b/;

/** Returns `messages` and `comments`, each text with its line, and whether it is prose. */
export function textsOfSource(file, source) {
  const { program, comments } = parseSync(file, source);
  const lineAt = lineFinder(source);
  const docs = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
  return {
    messages: stringsBelow(program)
      .flatMap(({ text, start }) =>
        text.split('\n').map((line) => ({ text: line.trim(), line: lineAt(start), prose: true })),
      )
      .filter(({ text }) => isSentence(text)),
    comments: docs.flatMap(({ value, start }) => textsOfComment(value, lineAt(start))),
  };
}

function isSentence(text) {
  return /^[A-Z“"]/.test(text) && text.split(/\s+/).length >= FEWEST_WORDS && !CODE.test(text);
}

/** Returns strings and templates. Strings that are joined are one text; a value in a template counts as one word. */
function stringsBelow(node) {
  if (node === null || typeof node !== 'object') return [];
  if (Array.isArray(node)) return node.flatMap(stringsBelow);
  const text = textOf(node);
  if (text !== undefined) return [{ text, start: node.start }, ...valuesOf(node).flatMap(stringsBelow)];
  if (node.type === 'ImportDeclaration') return [];
  return Object.values(node).flatMap(stringsBelow);
}

function textOf(node) {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'JSXText') return node.value.replaceAll(/\s+/g, ' ');
  if (node.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.cooked).join('X');
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined && right === undefined ? undefined : `${left ?? 'X'}${right ?? 'X'}`;
}

/** Returns the expressions inside of a text: a ternary in a template has texts of its own. */
function valuesOf(node) {
  if (node.type === 'TemplateLiteral') return node.expressions;
  if (node.type !== 'BinaryExpression') return [];
  return [node.left, node.right].flatMap((side) => (textOf(side) === undefined ? [side] : valuesOf(side)));
}

/** A tag such as `@param` begins a text of its own. Examples and references are no prose. */
function textsOfComment(value, firstLine) {
  const lines = value.split('\n').map((line) => line.replace(/^\s*\*+ ?/, ''));
  const blocks = [];
  for (const [index, line] of lines.entries()) {
    const [, tag, rest = ''] = /^\s*@(\w+)\s*(.*)$/.exec(line) ?? [];
    if (tag !== undefined || blocks.length === 0) blocks.push({ tag, line: firstLine + index, text: [] });
    blocks.at(-1).text.push(tag === 'param' ? rest.replace(/^\S+\s*/, '') : tag === undefined ? line : rest);
  }
  return blocks
    .filter(({ tag }) => tag !== 'example' && tag !== 'see')
    .flatMap(({ text, line }) =>
      textsOfMarkdown(text.join('\n').replaceAll(/\{@link (\S+?)\}/g, '`$1`')).map((found) => ({
        ...found,
        line: line + found.line - 1,
      })),
    );
}

function lineFinder(source) {
  const starts = [...source.matchAll(/\n/g)].map(({ index }) => index);
  return (offset) => {
    const after = starts.findIndex((start) => start >= offset);
    return (after === -1 ? starts.length : after) + 1;
  };
}
