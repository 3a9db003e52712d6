/** Lists the files of a job with their download links. */
import { formatSize } from './duration.ts';
import { httpUrl } from './http-url.ts';
import type { FileLink } from './job.ts';
import './files.css';

export function Files({ files }: { readonly files: readonly FileLink[] }) {
  return (
    <ul class="files">
      {files.map(({ name, url, size, sha256 }) => {
        const address = httpUrl(url);
        return (
          <li key={name}>
            {address ? (
              <a href={address} target="_blank" rel="noopener noreferrer" dir="auto">
                {name}
              </a>
            ) : (
              <span dir="auto">{name}</span>
            )}
            <span class="hint">{formatSize(size)}</span>
            <code class="file-hash" title={`SHA-256 ${sha256}`}>
              {sha256.slice(0, 12)}
            </code>
          </li>
        );
      })}
    </ul>
  );
}
