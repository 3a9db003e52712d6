/** Runs step 1: reads the size of the file and whether the server supports ranges. */
import type { StepOf } from 'mcp-async-operations/steps';
import { sourceLimits } from '../project/source-limits.ts';
import { downloadPolicy } from './download-policy.ts';
import { expectStatus, get } from './get.ts';
import type { download } from './operation.ts';
import { tooLarge } from './parts.ts';

export const probe: StepOf<typeof download, 'probe'> = ({ input: { url }, signal, log }) =>
  get({ url, range: 'bytes=0-0', policy: downloadPolicy(), signal }, async (response) => {
    // A server responds with 416 for an empty file.
    expectStatus(response, 200, 206, 416);
    const { headers, status } = response;
    const total = /^bytes (?:0-0|\*)\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
    const length = status === 200 ? headers['content-length'] : total;
    if (length !== undefined && Number(length) > sourceLimits.compressedBytes) throw tooLarge();
    const size = status === 200 ? undefined : total;
    log.write(`Size: ${length ?? 'unknown'} bytes; fetching ${size ? 'in parts' : 'at once'}.\n`);
    const etag = /^"[^"]*"$/.test(headers.etag ?? '') ? headers.etag : undefined;
    return { ...(size !== undefined && { size: Number(size) }), ...(etag && { etag }) };
  });
