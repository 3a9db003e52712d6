/** Generates the pages of the reference that follow from code. With --check, it fails when a page is stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorsPage } from './reference/errors.ts';
import { eventsPage } from './reference/events.ts';
import { httpApiPage } from './reference/http-api/page.ts';
import { limitsPage } from './reference/limits.ts';
import { openapiPage } from './reference/openapi/document.ts';
import { operationDefinitionPage } from './reference/operation-definition.ts';
import { optionsPage } from './reference/options.ts';
import { toolsPage } from './reference/tools.ts';

/** Each page by its path in docs/, with the function that returns it. */
export const referencePages: Readonly<Record<string, () => string>> = {
  'openapi.yaml': openapiPage,
  'reference/errors.md': errorsPage,
  'reference/events.md': eventsPage,
  'reference/http-api.md': httpApiPage,
  'reference/limits.md': limitsPage,
  'reference/operation-definition.md': operationDefinitionPage,
  'reference/options.md': optionsPage,
  'reference/tools.md': toolsPage,
};

/** @returns the paths of the pages that differ from what the code says */
export function stalePages(): readonly string[] {
  return Object.entries(referencePages).flatMap(([path, page]) => {
    const file = fileOf(path);
    return existsSync(file) && readFileSync(file, 'utf8') === page() ? [] : [`docs/${path}`];
  });
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(`../docs/${path}`, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const stale = stalePages();
    if (stale.length > 0) {
      console.error(`Stale: ${stale.join(', ')}. Run \`npm run reference-docs\` and commit the result.`);
      process.exitCode = 1;
    }
  } else {
    for (const [path, page] of Object.entries(referencePages)) writeFileSync(fileOf(path), page());
  }
}
