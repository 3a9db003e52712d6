/** Creates callers of the deployed service: principals of IAM who may invoke the API, or may not. */
import type { Client } from '@modelcontextprotocol/client';
import { AwsClient } from 'aws4fetch';
import { type Credentials, connectSigned } from '../../examples/signed-client.ts';
import { call } from '../support/test-cloud.ts';
import { iamRequest } from './aws-requests.ts';
import { ACCOUNT, REGION } from './ministack.ts';

/** How long a job may take here; a build takes some ten seconds. */
const JOB_MS = 90_000;
const POLL_MS = 1_200;
const ENDED = ['completed', 'failed', 'cancelled'];

// biome-ignore lint/suspicious/noExplicitAny: jobs are checked field by field
export type JobResult = any;

/** Returns the address at which ministack serves what the URL names at a host of AWS: of an API, or of a user pool. */
export function servedUrl(url: string): string {
  const { hostname, pathname, search } = new URL(url);
  const [id, service] = hostname.split('.');
  const folder = service === 'execute-api' ? `/_aws/execute-api/${id}` : '';
  return `${process.env.AWS_ENDPOINT_URL}${folder}${pathname}${search}`;
}

/** Creates a user of IAM. @param actions that the user may perform on all resources */
export async function createUser(UserName: string, actions: readonly string[]): Promise<Credentials> {
  await iamRequest('CreateUser', { UserName });
  if (actions.length > 0) {
    const Statement = [
      { Effect: 'Allow', Action: actions, Resource: `arn:aws:execute-api:${REGION}:${ACCOUNT}:*/v1/*` },
    ];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iamRequest('PutUserPolicy', { UserName, PolicyName: 'invoke', PolicyDocument });
  }
  const key = await iamRequest('CreateAccessKey', { UserName });
  const textOf = (element: string) => new RegExp(`<${element}>(.*?)</`).exec(key)?.[1] ?? '';
  return { accessKeyId: textOf('AccessKeyId'), secretAccessKey: textOf('SecretAccessKey') };
}

/** A caller with an MCP client and access to the management API. */
export class Caller {
  readonly client: Client;
  readonly #aws: AwsClient;
  readonly #apiUrl: string;

  private constructor(client: Client, aws: AwsClient, apiUrl: string) {
    this.client = client;
    this.#aws = aws;
    this.#apiUrl = apiUrl;
  }

  /** @param outputs of the deployed stack */
  static async connect(outputs: Readonly<Record<string, string>>, credentials: Credentials): Promise<Caller> {
    const client = await connectSigned(servedUrl(outputs.McpEndpoint ?? ''), REGION, credentials);
    const aws = new AwsClient({ ...credentials, region: REGION, service: 'execute-api', retries: 0 });
    return new Caller(client, aws, servedUrl(outputs.ApiUrl ?? ''));
  }

  /** Calls a tool. @returns its structured result */
  async tool(name: string, args: Record<string, unknown> = {}): Promise<JobResult> {
    const { data, text } = await call(this.client, name, args);
    return data ?? { text };
  }

  /** Sends a request to the management API. @param path such as `jobs?limit=2` */
  api(method: string, path: string, body?: unknown): Promise<Response> {
    return this.#aws.fetch(`${this.#apiUrl}${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
  }

  /** Polls a job until it has one of the statuses. @throws Error with the job, when it does not get there in time */
  until(jobId: string, ...statuses: readonly string[]): Promise<JobResult> {
    return this.#poll(jobId, { wait_seconds: 5 }, ({ status }) => statuses.includes(status));
  }

  /** Polls a job until it runs the step. @throws like `until` */
  untilStep(jobId: string, step: string): Promise<JobResult> {
    return this.#poll(
      jobId,
      { include: ['details'] },
      (job) => job.status === 'running' && job.step === step,
    );
  }

  async #poll(jobId: string, args: object, fits: (job: JobResult) => boolean): Promise<JobResult> {
    const giveUpAt = Date.now() + JOB_MS;
    for (;;) {
      const job = await this.tool('check_job', { job_id: jobId, ...args });
      if (fits(job)) return job;
      if (ENDED.includes(job.status) || job.status === undefined || Date.now() > giveUpAt)
        throw new Error(`The job does not get where it should: ${JSON.stringify(job, undefined, 2)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
