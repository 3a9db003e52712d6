/** The link that goes with a question to who may answer it: made when it is sent, and kept nowhere. */
import { MAX_INPUT_TIMEOUT_MS } from '../../definition/define-operation.ts';
import { EventType } from '../../events/event.ts';
import type { Delivery } from '../deliveries/delivery.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { signAnswerToken } from '../signing/answer-token.ts';
import type { SigningKey } from '../signing/signature.ts';

/**
 * The same at every attempt. It ends when no question can wait any more; what a question waits for less ends its job, and
 * the link with it.
 * @param apiUrl where the API is, without a slash at its end
 * @returns undefined for other events, and for a receiver that is to have none
 */
export function answerUrlOf(
  { event, url }: Delivery,
  endpoint: Endpoint | undefined,
  keys: readonly SigningKey[],
  apiUrl: string,
): string | undefined {
  // Who gives a `callback_url` starts jobs, and so may answer.
  const mayAnswer = url !== undefined || endpoint?.answerLinks === true;
  if (event.type !== EventType.inputRequired || !mayAnswer) return undefined;
  const { job_id: jobId, created_at: createdAt, input_requests: requests = {} } = event.data;
  const expiresMs = Date.parse(event.timestamp) + MAX_INPUT_TIMEOUT_MS;
  // A file is put where its owner is told, and nowhere by a link.
  const questions = Object.keys(requests).filter((key) => requests[key] && !('upload' in requests[key]));
  if (questions.length === 0) return undefined;
  const token = signAnswerToken({ jobId, createdAt, keys: questions }, expiresMs, keys);
  return token && `${apiUrl}/answers/${token}`;
}

/**
 * A receiver's answer as it may be kept: one that repeats what it was sent has the link in it. Each part of the token goes, so
 * that nothing is left of one that was cut off or spelled otherwise: one signature of two is enough, and the rest can be
 * known.
 */
export function withoutLink(answer: string, answerUrl: string | undefined): string {
  if (answerUrl === undefined) return answer;
  const [token = ''] = answerUrl.split('/').slice(-1);
  return [answerUrl, ...token.split('.')].reduce((text, part) => text.replaceAll(part, '[link]'), answer);
}
