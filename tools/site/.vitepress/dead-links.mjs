// Finds links and pictures of the built site that lead nowhere: a file that is not there, or an anchor that its page does not have.
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';

/** Returns one line a dead link: the page and the link. */
export async function deadLinksOf(dist, base) {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const paths = new Set(files.map((file) => relative(dist, file).split(sep).join('/')));
  const pages = new Map();
  for (const path of paths) {
    if (path.endsWith('.html')) pages.set(path, await readFile(join(dist, path), 'utf8'));
  }
  const anchors = new Map([...pages].map(([path, html]) => [path, valuesOf(html, 'id')]));
  return [...pages].flatMap(([page, html]) =>
    [...valuesOf(html, 'href|src')]
      .filter((link) => !/^[a-z]+:/i.test(link))
      .filter((link) => {
        const [path, anchor = ''] = link.split('#');
        const target = path === '' ? page : targetOf(path, page, base);
        const anchorsOfTarget = anchors.get(target);
        return !paths.has(target) || (anchor !== '' && !anchorsOfTarget?.has(decodeURIComponent(anchor)));
      })
      .map((link) => `${page}: ${link}`),
  );
}

function valuesOf(html, attributes) {
  const values = html.matchAll(new RegExp(` (?:${attributes})="([^"]*)"`, 'g'));
  return new Set([...values].map(([, value]) => value.replaceAll('&amp;', '&')));
}

function targetOf(path, page, base) {
  const file = path.startsWith(base) ? path.slice(base.length) : posix.join(posix.dirname(page), path);
  if (file === '' || file.endsWith('/')) return `${file}index.html`;
  return posix.extname(file) === '' ? `${file}.html` : file;
}
