/** Queues starts that Step Functions throttled, or that failed for a reason that can pass. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Job } from '../../jobs/job.ts';

export class StartQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** The message names the job only: the record is the truth when its turn comes. */
  async send({ jobId }: Pick<Job, 'jobId'>): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: JSON.stringify({ jobId }) }),
    );
  }
}
