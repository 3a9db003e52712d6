// Renders Markdown as GitHub does: its anchors, its links, its diagrams, and text that looks like HTML or Vue stays text.
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const root = new URL('../../../', import.meta.url);
const { repository } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
/** HTML that pages may use. Anything else between angle brackets is text, such as `<stack>` or `Promise<Job>`. */
const HTML = new Set([
  'a',
  'br',
  'details',
  'div',
  'img',
  'kbd',
  'p',
  'picture',
  'source',
  'sub',
  'summary',
  'sup',
]);

/** Returns the anchor of a heading on GitHub. */
export function slugOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

export function configureMarkdown(md) {
  md.core.ruler.after('inline', 'github-links', ({ tokens, env }) => {
    for (const token of inlineOf(tokens)) {
      if (token.type === 'link_open') token.attrs = linkOf(token, env.relativePath);
    }
    hideLinksWithoutTarget(tokens);
  });
  md.core.ruler.after('inline', 'unknown-html', ({ tokens }) => {
    for (const token of [...tokens, ...inlineOf(tokens)]) {
      if (!/^html_/.test(token.type)) continue;
      const tags = [...token.content.matchAll(/<\/?([\w-]+)/g)].map(([, tag]) => tag.toLowerCase());
      if (tags.some((tag) => !HTML.has(tag))) token.type = 'text';
    }
  });
  const { text, fence } = md.renderer.rules;
  md.renderer.rules.text = (...args) => text(...args).replaceAll('{{', '&#123;&#123;');
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    if (info.trim() !== 'mermaid') return fence(tokens, index, ...rest);
    return `<MermaidDiagram source="${encodeURIComponent(content)}" />\n`;
  };
}

function inlineOf(tokens) {
  return tokens.flatMap(({ children }) => children ?? []);
}

/** Returns the attributes of a link: README.md is the index of its folder; a file outside docs/ is on the repository's site. */
function linkOf(token, page) {
  const href = token.attrGet('href');
  if (/^([a-z]+:|#)/i.test(href)) return token.attrs;
  const [path, anchor] = href.split('#');
  const target = posix.join('docs', posix.dirname(page), path).replace(/\/$/, '');
  if (!existsSync(new URL(target, root))) return token.attrs;
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (/^docs(\/|$)/.test(target)) {
    const index = target.replace(/(^|\/)README\.md$/, '$1index.md');
    const file = posix.extname(index) === '' ? posix.join(index, 'index.md') : index;
    return [['href', `/${posix.relative('docs', file)}${hash}`]];
  }
  return repository ? [['href', `${repository.url}/blob/main/${target}${hash}`]] : [];
}

/** Turns a link to a file that no site has into plain text. */
function hideLinksWithoutTarget(tokens) {
  for (const { children } of tokens) {
    const open = [];
    for (const token of children ?? []) {
      if (token.type === 'link_open') {
        if (token.attrGet('href') === null) token.tag = 'span';
        open.push(token.tag);
      }
      if (token.type === 'link_close') token.tag = open.pop();
    }
  }
}
