/** Shows the files of a result: their names, sizes and hashes, and their URLs when the caller asks for them. */
import type { ResultFile } from '../definition/operation-definition.ts';
import { formatBytes } from '../shared/format-bytes.ts';
import type { FileLink } from '../workspace/workspace-links.ts';

export type FileView = Omit<FileLink, 'url' | 'url_expires_at'> &
  Partial<Pick<FileLink, 'url' | 'url_expires_at'>>;

/** The text names this many files; `structuredContent` has all. */
const MAX_NAMED = 20;

/** Shows a file without a URL, which has hundreds of tokens. */
export function viewFile({ name, size, contentType, sha256 }: ResultFile): FileView {
  return { name, size, content_type: contentType, sha256 };
}

/** Returns the lines of the text: one for all files, or one for each file with a URL. */
export function describeFiles(files: readonly FileView[]): readonly string[] {
  const named = files.filter(({ url }) => url === undefined);
  const shown = named.slice(0, MAX_NAMED).map(({ name, size }) => `${name} (${formatBytes(size)})`);
  if (named.length > MAX_NAMED) shown.push(`and ${named.length - MAX_NAMED} more`);
  return [
    ...(shown.length > 0 ? [`Files: ${shown.join(', ')}.`] : []),
    ...files.flatMap(({ name, size, sha256, url, url_expires_at }) =>
      url ? [`${name} (${formatBytes(size)}, sha256 ${sha256}), until ${url_expires_at}: ${url}`] : [],
    ),
  ];
}
