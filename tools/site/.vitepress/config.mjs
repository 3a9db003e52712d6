// Configures the documentation site: VitePress renders the Markdown of docs/ as GitHub does.
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { deadLinksOf } from './dead-links.mjs';
import { configureMarkdown, slugOf } from './markdown.mjs';
import { sidebarOf } from './sidebar.mjs';

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
const cache = fileURLToPath(new URL('../node_modules/.vitepress/', import.meta.url));
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
/** The path that the site is served below, with slashes at both ends. Default: `/`. */
const base = process.env.DOCS_BASE ?? '/';
/** Files of docs/ that pages link and that are no pages. */
const FILES = ['openapi.yaml'];

/** Resolves Vue for the pages, which lie outside of this package. */
const vueOfThisPackage = {
  name: 'vue-of-this-package',
  enforce: 'pre',
  resolveId(id, importer, options) {
    if (!/^vue(\/|$)/.test(id) || !importer?.startsWith(docs)) return null;
    return this.resolve(id, fileURLToPath(import.meta.url), options);
  },
};

/** Of code in the pages. Others would each load while a page waits. */
const LANGUAGES = ['go', 'json', 'python', 'sh', 'sql', 'ts', 'yaml'];

export default defineConfig({
  title: 'Async Operations for MCP',
  description: 'Durable async operations for Model Context Protocol servers, serverless on AWS.',
  lang: 'en',
  base,
  srcDir: docs,
  outDir: dist,
  cacheDir: cache,
  // GitHub shows the README of a folder; the site shows its index.
  // Redirect URLs of the options lead to the reader's machine.
  ignoreDeadLinks: 'localhostLinks',
  rewrites: { 'README.md': 'index.md', ':folder/README.md': ':folder/index.md' },
  markdown: {
    languages: LANGUAGES,
    anchor: { slugify: slugOf },
    config: configureMarkdown,
  },
  themeConfig: {
    sidebar: sidebarOf(docs),
    outline: [2, 3],
    search: { provider: 'local' },
  },
  vite: {
    plugins: [vueOfThisPackage],
    // The search index and the diagram library are single files. Each loads when a reader first needs it.
    build: { chunkSizeWarningLimit: 6_000, target: 'es2022' },
    server: { host: '127.0.0.1' },
    preview: { host: '127.0.0.1' },
  },
  async buildEnd() {
    for (const file of FILES) await copyFile(`${docs}${file}`, `${dist}${file}`);
    const dead = await deadLinksOf(dist, base);
    if (dead.length > 0) throw new Error(`${dead.length} dead links:\n${dead.join('\n')}`);
  },
});
