/** Step 1: how much there is, and whether it can be had in parts. */
import { sourceLimits } from '../project/source-limits.ts';
import type { Step } from '../../definition/step-context.ts';
import { downloadPolicy } from './download-policy.ts';
import { expectStatus, get } from './get.ts';
import type { DownloadInput } from './operation.ts';
import { type Probe, tooLarge } from './parts.ts';

export const probe: Step<DownloadInput> = ({ input: { url }, signal, log }) =>
  get({ url, range: 'bytes=0-0', policy: downloadPolicy(), signal }, async (answer): Promise<Probe> => {
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
