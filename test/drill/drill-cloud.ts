/** Runs the stack of the drill on the local cloud, and does what callers, operators and faults do. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, PurgeQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { authorizationContext } from '../../local/cli/identity-provider.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import type { AlarmChange } from '../../local/cloudwatch/alarms.ts';
import { CloudWatch } from '../../local/cloudwatch/cloudwatch.ts';
import type { Fault } from '../../local/faults.ts';
import type { Template } from '../../local/template/assembly.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { awsClients, call } from '../support/test-cloud.ts';
import { TestIssuer } from '../support/test-issuer.ts';

// biome-ignore lint/suspicious/noExplicitAny: results are read field by field
export type Result = any;

/** How long what a minute has begun may take, in milliseconds of the machine. */
const SETTLE_MS = 800;
const ENDED = ['completed', 'failed', 'cancelled'];
const JOB_MS = 60_000;
const DRAINED_MS = 30_000;

export class DrillCloud {
  readonly cloud: LocalCloud;
  readonly cloudWatch: CloudWatch;
  readonly issuer: TestIssuer;
  readonly receiver: RecordingReceiver;
  readonly aws: ReturnType<typeof awsClients>;
  readonly logs: string[] = [];
  readonly #client: Client;
  readonly #token: string;
  readonly template: Template;
  readonly #scratch: string;

  private constructor(parts: {
    readonly cloud: LocalCloud;
    readonly cloudWatch: CloudWatch;
    readonly issuer: TestIssuer;
    readonly receiver: RecordingReceiver;
    readonly client: Client;
    readonly token: string;
    readonly template: Template;
    readonly scratch: string;
  }) {
    this.cloud = parts.cloud;
    this.cloudWatch = parts.cloudWatch;
    this.issuer = parts.issuer;
    this.receiver = parts.receiver;
    this.aws = awsClients(parts.cloud);
    this.#client = parts.client;
    this.#token = parts.token;
    this.template = parts.template;
    this.#scratch = parts.scratch;
  }

  static async start(onLog: (functionName: string, line: string) => void): Promise<DrillCloud> {
    const scratch = await mkdtemp(join(tmpdir(), 'drill-'));
    const issuer = await TestIssuer.start();
    const assemblyDirectory = join(scratch, 'cdk.out');
    const canaryClient = JSON.stringify({ client_id: 'canary', client_secret: 'of the drill' });
    const context = { ...authorizationContext({ issuer: issuer.url }), canaryClient };
    await synthesizeSource(assemblyDirectory, 'test/drill/app.ts', context);
    const cloudWatch = new CloudWatch();
    const options = { assemblyDirectory, cloudWatch, onLog, allowLoopbackWebhooks: true };
    const cloud = await startLocalCloud(options);
    issuer.audience = `${cloud.url}/mcp`;
    const token = await issuer.token({ claims: { exp: Math.floor(Date.now() / 1000) + 3_600 } });
    const client = new Client({ name: 'drill', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', cloud.url), { requestInit }));
    const template = JSON.parse(await readFile(join(assemblyDirectory, 'Drill.template.json'), 'utf8'));
    const receiver = await startRecordingReceiver();
    return new DrillCloud({ cloud, cloudWatch, issuer, receiver, client, token, template, scratch });
  }

  /** Calls a tool. @returns its structured result, also of an error */
  async tool(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    const { data, text } = await call(this.#client, name, args);
    return data ?? { text };
  }

  /** Starts a job. @returns its id @throws Error when it is refused */
  async start(
    operation: string,
    input: Readonly<Record<string, unknown>> = {},
    callbackUrl?: string,
  ): Promise<string> {
    const options = callbackUrl === undefined ? {} : { job_options: { callback_url: callbackUrl } };
    const job = await this.tool(`start_${operation}`, { ...input, ...options });
    if (typeof job.job_id !== 'string') throw new Error(`${operation} did not start: ${JSON.stringify(job)}`);
    return job.job_id;
  }

  /** Waits until a job has the status or has ended. @throws Error when it does not in a minute */
  async until(jobId: string, status = ''): Promise<Result> {
    const giveUpAt = Date.now() + JOB_MS;
    for (;;) {
      const job = await this.tool('check_job', { job_id: jobId });
      if (job.status === status || ENDED.includes(job.status)) return job;
      if (Date.now() > giveUpAt) throw new Error(`The job does not end: ${JSON.stringify(job)}`);
      await delay(50);
    }
  }

  /** Sends a request to the management API. @param token @default a valid one */
  async api(method: string, path: string, token = this.#token): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(new URL(path, this.cloud.url), { method, headers });
    await response.arrayBuffer();
    return response.status;
  }

  /**
   * Returns the name of a resource.
   * @param type of CloudFormation, without `AWS::` @param pattern of its logical id @throws Error when not exactly one fits
   */
  name(type: string, pattern: RegExp): string {
    const found = Object.entries(this.template.Resources).filter(
      ([id, { Type }]) => Type === `AWS::${type}` && pattern.test(id),
    );
    const [first] = found;
    if (first && found.length === 1) return first[0];
    const names = found.map(([id]) => id).join(', ') || 'none';
    throw new Error(`${pattern} should fit one ${type}, and fits ${names}: correct the pattern.`);
  }

  queueUrl(pattern: RegExp): string {
    const { AWS_ENDPOINT_URL_SQS } = this.cloud.environment;
    return `${AWS_ENDPOINT_URL_SQS}/000000000000/${this.name('SQS::Queue', pattern)}`;
  }

  /** Causes a fault. @param type as for `name` @returns a function that ends it */
  cause(fault: Fault, type: string, pattern: RegExp): () => void {
    return this.cloud.faults.cause(fault, this.name(type, pattern));
  }

  /**
   * Stops the schedule of the canary. In most drills it would notice the cause too, and wait for its webhook for a minute of the
   * machine. @returns a function that runs it again
   */
  stopCanary(): () => void {
    return this.cause('disabled-rule', 'Events::Rule', /^CanaryEveryFiveMinutes/);
  }

  async purge(pattern: RegExp): Promise<void> {
    await this.aws.sqs.send(new PurgeQueueCommand({ QueueUrl: this.queueUrl(pattern) }));
  }

  /** Shortens how long a message stays hidden, so that a failing message becomes a dead letter in seconds. */
  async hide(pattern: RegExp, seconds: number): Promise<void> {
    const Attributes = { VisibilityTimeout: String(seconds) };
    await this.aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: this.queueUrl(pattern), Attributes }));
  }

  /** Waits until a queue has no message, also none that is hidden or delayed. @throws Error after half a minute */
  async drained(pattern: RegExp): Promise<void> {
    const QueueUrl = this.queueUrl(pattern);
    const giveUpAt = Date.now() + DRAINED_MS;
    for (;;) {
      const { Attributes = {} } = await this.aws.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      const counts = [
        Attributes.ApproximateNumberOfMessages,
        Attributes.ApproximateNumberOfMessagesNotVisible,
        Attributes.ApproximateNumberOfMessagesDelayed,
      ];
      if (counts.every((count) => count === '0')) return;
      if (Date.now() > giveUpAt) throw new Error(`The queue ${QueueUrl} is not empty: ${counts.join(', ')}.`);
      await delay(50);
    }
  }

  /** Waits until functions are idle, and ends a minute of alarm time. @returns the alarms that changed */
  async minute(): Promise<readonly AlarmChange[]> {
    await this.cloudWatch.idle(SETTLE_MS);
    return this.cloudWatch.endMinute();
  }

  async close(): Promise<void> {
    await this.#client.close();
    this.receiver.close();
    await this.cloud.close();
    await this.issuer.close();
    for (const client of Object.values(this.aws)) client.destroy();
    await rm(this.#scratch, { recursive: true, force: true });
  }
}
