/** Step 1: how much there is, and whether it can be had in parts. */
import type { StepOf } from 'mcp-async-operations/steps';
import { sourceLimits } from '../project/source-limits.ts';
import { downloadPolicy } from './download-policy.ts';
import { expectStatus, get } from './get.ts';
import type { download } from './operation.ts';
import { tooLarge } from './parts.ts';

export const probe: StepOf<typeof download, 'probe'> = ({ input: { url }, signal, log }) =>
  get({ url, range: 'bytes=0-0', policy: downloadPolicy(), signal }, async (answer) => {
    // Of an empty file there is no first byte.
    expectStatus(answer, 200, 206, 416);
    const { headers, status } = answer;
    const total = /^bytes (?:0-0|\*)\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
    const said = status === 200 ? headers['content-length'] : total;
    if (said !== undefined && Number(said) > sourceLimits.compressedBytes) throw tooLarge();
    const size = status === 200 ? undefined : total;
    log.write(`It has ${said ?? 'an unknown number of'} bytes, and comes ${size ? 'in parts' : 'in one'}.\n`);
    const etag = /^"[^"]*"$/.test(headers.etag ?? '') ? headers.etag : undefined;
    return { ...(size !== undefined && { size: Number(size) }), ...(etag && { etag }) };
  });
