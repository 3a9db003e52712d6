/** Queues starts and stops of executions that Step Functions throttled, or that failed for another reason that can pass. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Job } from '../../jobs/job.ts';
import { log } from '../../shared/observability/log.ts';

export class ExecutionQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /**
   * The message names the job only: its record decides what is to do when its turn comes. Never throws: the caller has changed
   * the record already.
   * @param cause why the start or the stop failed
   */
  async send({ jobId }: Pick<Job, 'jobId'>, cause: unknown): Promise<void> {
    log.warn('An execution was not started or stopped; queueing its job', { job_id: jobId, error: cause });
    try {
      await this.#client.send(
        new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: JSON.stringify({ jobId }) }),
      );
    } catch (error) {
      log.error('Failed to queue a job', { job_id: jobId, error });
    }
  }
}
