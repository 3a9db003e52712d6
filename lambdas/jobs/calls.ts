/** Calls of an operation's function, for a result while the caller waits. */
import { AwsClient } from 'aws4fetch';
import { type CallAnswer, type CallEvent, callAnswer } from '../operations/call-wire.ts';
import type { OperationDefinition } from '../operations/define-operation.ts';
import { callArnEnv, requiredEnv } from '../shared/env.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';

/** Beyond the operation's own limit: for the function's cold start. */
const COLD_START_MS = 5_000;

/** One request, signed by a library of 6 KB: AWS's client for Lambda would add 90 KB to what every cold start loads. */
export class Calls {
  #client: AwsClient | undefined;

  /** One invocation. @throws AppError TIMED_OUT, RESOURCE_EXHAUSTED, or INTERNAL_ERROR */
  async invoke({ name, execution }: OperationDefinition, event: CallEvent): Promise<CallAnswer> {
    const response = await this.#post(name, execution.mode === 'job' ? 0 : execution.limitMs, event);
    if (response.status === 429 || response.status >= 500) {
      throw new AppError(
        ErrorCode.resourceExhausted,
        `${name} has more callers than it can answer now. Call again in a few seconds.`,
        { retryable: true, cause: await response.text() },
      );
    }
    const text = await response.text();
    if (!response.ok || response.headers.has('x-amz-function-error')) {
      throw new Error(`The function of ${name} answered ${response.status}: ${text.slice(0, 1_000)}`);
    }
    return callAnswer.parse(JSON.parse(text));
  }

  async #post(name: string, limitMs: number, event: CallEvent): Promise<Response> {
    const { AWS_REGION = '', AWS_ENDPOINT_URL_LAMBDA = `https://lambda.${AWS_REGION}.amazonaws.com` } =
      process.env;
    const functionName = encodeURIComponent(requiredEnv(callArnEnv(name)));
    const url = `${AWS_ENDPOINT_URL_LAMBDA}/2015-03-31/functions/${functionName}/invocations`;
    try {
      return await this.#signer().fetch(url, {
        method: 'POST',
        body: JSON.stringify(event),
        signal: AbortSignal.timeout(limitMs + COLD_START_MS),
      });
    } catch (cause) {
      throw new AppError(ErrorCode.timedOut, `${name} did not answer in time. Try again.`, {
        retryable: true,
        cause,
      });
    }
  }

  /** Lambda gives an instance its credentials once. */
  #signer(): AwsClient {
    this.#client ??= new AwsClient({
      accessKeyId: requiredEnv('AWS_ACCESS_KEY_ID'),
      secretAccessKey: requiredEnv('AWS_SECRET_ACCESS_KEY'),
      sessionToken: process.env.AWS_SESSION_TOKEN,
      region: requiredEnv('AWS_REGION'),
      service: 'lambda',
      // What is tried again is for the caller to say.
      retries: 0,
    });
    return this.#client;
  }
}
