/** Starts the function of a sandbox. */
import { createHash } from 'node:crypto';
import { InvokeCommand, type LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { LambdaFailure } from '../lambda-failure.ts';

/** Lambda's limit for the payload of an asynchronous invocation. */
export const MAX_EVENT_BYTES = 1024 * 1024;

export class SandboxFunction {
  readonly #client: LambdaClient;
  readonly #functionArn: string;

  constructor(client: LambdaClient, functionArn: string) {
    this.#client = client;
    this.#functionArn = functionArn;
  }

  /**
   * Returns when Lambda has the event. Lambda can deliver it twice.
   * @param owner the tenant: Lambda runs each owner in separate instances (tenant isolation)
   * @param event JSON of at most `MAX_EVENT_BYTES`
   * @throws LambdaFailure
   */
  async start(owner: string, event: string): Promise<void> {
    try {
      await this.#client.send(
        new InvokeCommand({
          FunctionName: this.#functionArn,
          InvocationType: 'Event',
          TenantId: createHash('sha256').update(owner).digest('hex'),
          Payload: Buffer.from(event),
        }),
      );
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
