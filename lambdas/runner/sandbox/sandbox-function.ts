/** Invokes the function of a sandbox and streams its lines. */
import { createHash } from 'node:crypto';
import {
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamResponseEvent,
  type LambdaClient,
  LambdaServiceException,
} from '@aws-sdk/client-lambda';
import { SANDBOX_CRASHED } from '../../shared/errors.ts';
import { LambdaFailure } from '../lambda-failure.ts';
import type { SandboxEvent } from './protocol.ts';

/** A sandbox writes no longer lines: a piece of a log has 32 Ki characters of at most six bytes each. */
const MAX_LINE_BYTES = 256 * 1024;

export class SandboxFunction {
  readonly #client: LambdaClient;
  readonly #functionArn: string;

  /** @param client without retries: with them a script could run twice */
  constructor(client: LambdaClient, functionArn: string) {
    this.#client = client;
    this.#functionArn = functionArn;
  }

  /**
   * @param owner the tenant: Lambda runs each owner in separate instances (tenant isolation)
   * @returns the lines of the sandbox, with empty ones
   * @throws LambdaFailure
   */
  async *invoke(owner: string, event: SandboxEvent): AsyncGenerator<string> {
    const stream = await this.#send(owner, event);
    let rest = Buffer.alloc(0);
    try {
      for await (const { PayloadChunk, InvokeComplete } of stream) {
        if (InvokeComplete?.ErrorCode) throw ended(InvokeComplete);
        rest = Buffer.concat([rest, PayloadChunk?.Payload ?? Buffer.alloc(0)]);
        for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
          yield rest.toString('utf8', 0, end);
          rest = rest.subarray(end + 1);
        }
        if (rest.length > MAX_LINE_BYTES)
          throw new LambdaFailure(SANDBOX_CRASHED, 'The sandbox wrote a line that is too long.');
      }
    } catch (error) {
      if (error instanceof LambdaFailure) throw error;
      throw new LambdaFailure('Lambda.SdkClientException', String(error));
    }
  }

  async #send(
    owner: string,
    event: SandboxEvent,
  ): Promise<AsyncIterable<InvokeWithResponseStreamResponseEvent>> {
    try {
      const { EventStream = [] } = await this.#client.send(
        new InvokeWithResponseStreamCommand({
          FunctionName: this.#functionArn,
          TenantId: createHash('sha256').update(owner).digest('hex'),
          Payload: Buffer.from(JSON.stringify(event)),
        }),
      );
      return EventStream as AsyncIterable<InvokeWithResponseStreamResponseEvent>;
    } catch (error) {
      if (!(error instanceof LambdaServiceException)) {
        throw new LambdaFailure('Lambda.SdkClientException', String(error));
      }
      if (error.name === 'TooManyRequestsException')
        throw new LambdaFailure(`Lambda.${error.name}`, error.message);
      if (error.$fault === 'server') throw new LambdaFailure('Lambda.ServiceException', error.message);
      throw error;
    }
  }
}

/** Lambda does not document these codes. They distinguish timeouts from all other failures here. */
function ended({
  ErrorCode = '',
  ErrorDetails = '',
}: {
  ErrorCode?: string;
  ErrorDetails?: string;
}): LambdaFailure {
  const isTime = /timed ?out/i.test(`${ErrorCode} ${ErrorDetails}`);
  return new LambdaFailure(isTime ? 'Sandbox.Timedout' : SANDBOX_CRASHED, `${ErrorCode}: ${ErrorDetails}`);
}
