/** Enforces SNS's limit for all messages of one batch together, which fauxqs lacks. */
import { randomUUID } from 'node:crypto';
import type { ErrorResponse } from '../iam/storage-guard.ts';

const MAX_BATCH_BYTES = 262_144;
/** The form fields that count: messages, and the names, types and values of their attributes. */
const COUNTED = /^PublishBatchRequestEntries\.(member|entry)\.\d+\.(Message$|MessageAttributes\.)/;

/** @param body form of the request @returns the error response for a batch that is too large */
export function refuseLargeBatch(action: string, body: unknown): ErrorResponse | undefined {
  if (action !== 'PublishBatch') return undefined;
  const bytes = Object.entries(Object(body) as Readonly<Record<string, string>>)
    .filter(([name]) => COUNTED.test(name))
    .reduce((sum, [, value]) => sum + Buffer.byteLength(value), 0);
  if (bytes <= MAX_BATCH_BYTES) return undefined;
  const message = `The length of all the messages put together is more than the limit of ${MAX_BATCH_BYTES} bytes.`;
  return {
    status: 400,
    headers: { 'content-type': 'application/xml' },
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>BatchRequestTooLong</Code><Message>${message}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  };
}
