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
const LINE_END = '\n'.charCodeAt(0);

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
    const lines = new LineReader();
    try {
      for await (const { PayloadChunk, InvokeComplete } of stream) {
        if (InvokeComplete?.ErrorCode) throw ended(InvokeComplete);
        if (PayloadChunk?.Payload) yield* lines.read(PayloadChunk.Payload);
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

/** Cuts a stream into lines. It reads each byte once, however many chunks a line has. */
class LineReader {
  /** The chunks of a line without its end. */
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** @throws LambdaFailure for a line that is too long */
  *read(chunk: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      this.#keep(chunk.subarray(start, end));
      yield Buffer.concat(this.#chunks).toString();
      this.#chunks = [];
      this.#bytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > MAX_LINE_BYTES)
      throw new LambdaFailure(SANDBOX_CRASHED, 'The sandbox wrote a line that is too long.');
    this.#chunks.push(part);
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
