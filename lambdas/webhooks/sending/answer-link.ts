/** Creates the link that lets a receiver answer a job's questions. The link is created at delivery and never stored. */
import { MAX_INPUT_TIMEOUT_MS } from '../../definition/define-operation.ts';
import { EventType } from '../../events/event.ts';
import type { Delivery } from '../deliveries/delivery.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { signAnswerToken } from '../signing/answer-token.ts';
import type { SigningKey } from '../signing/signature.ts';

/**
 * Returns the same link at every attempt. It expires after the longest time that a question can wait. A question with a
 * shorter timeout ends its job, and the link with it.
 * @param apiUrl base URL of the API, without a trailing slash
 * @returns undefined for other events, and for a receiver that may not answer
 */
export function answerUrlOf(
  { event, url }: Delivery,
  endpoint: Endpoint | undefined,
  keys: readonly SigningKey[],
  apiUrl: string,
): string | undefined {
  // A caller who sets a `callback_url` may start jobs, and so may answer.
  const mayAnswer = url !== undefined || endpoint?.answerLinks === true;
  if (event.type !== EventType.inputRequired || !mayAnswer) return undefined;
  const { job_id: jobId, created_at: createdAt, input_requests: requests = {} } = event.data;
  const expiresMs = Date.parse(event.timestamp) + MAX_INPUT_TIMEOUT_MS;
  // A link accepts no files: only the owner gets the address for an upload.
  const questions = Object.keys(requests).filter((key) => requests[key] && !('upload' in requests[key]));
  if (questions.length === 0) return undefined;
  const token = signAnswerToken({ jobId, createdAt, keys: questions }, expiresMs, keys);
  return token && `${apiUrl}/answers/${token}`;
}
