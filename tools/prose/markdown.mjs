// Lists the texts of Markdown: paragraphs, headings, cells of tables and descriptions of pictures, without code and links' targets.
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';

const parser = unified().use(remarkParse).use(remarkGfm);
/** Nodes whose children make one text. Only paragraphs are prose: headings and cells may be fragments. */
const TEXTS = new Set(['paragraph', 'heading', 'tableCell']);

/** Returns each text with its line, and whether it is prose. */
export function textsOfMarkdown(markdown) {
  return textsBelow(parser.parse(markdown));
}

function textsBelow(node) {
  if (!TEXTS.has(node.type)) return (node.children ?? []).flatMap(textsBelow);
  return [{ text: wordsOf(node), line: node.position.start.line, prose: node.type === 'paragraph' }];
}

/** Code in a line counts as one word, whatever it contains. */
function wordsOf(node) {
  if (node.type === 'inlineCode') return 'code';
  if (node.type === 'text') return node.value;
  if (node.type === 'break') return '\n';
  // What follows a line break in a cell is a text of its own.
  if (node.type === 'html' && node.value === '<br>') return '\n\n';
  if (node.type === 'html' || node.type === 'image') return '';
  return (node.children ?? []).map(wordsOf).join('');
}
