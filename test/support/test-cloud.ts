/** Starts the local cloud with the test catalogue, and clients of it. Most end-to-end tests use it. */
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { assemblies } from './assemblies.ts';
import { operationName } from './operation-name.ts';

export interface ToolResult {
  readonly isError?: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: responses are checked field by field
  readonly data: any;
}

export async function startTestCloud(
  options: Partial<Parameters<typeof startLocalCloud>[0]> = {},
): Promise<LocalCloud> {
  return startLocalCloud({ assemblyDirectory: assemblies.test, ...options });
}

/**
 * Returns a connected MCP client.
 * @param options.owner signs requests as this user; without it, requests are the development owner's.
 */
export async function connect(
  cloud: Pick<LocalCloud, 'url'>,
  { owner, mode = 'auto' }: { readonly owner?: string; readonly mode?: 'auto' | 'legacy' } = {},
): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  const headers = owner ? { authorization: signedAs(owner) } : undefined;
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', cloud.url), {
    requestInit: { headers },
  });
  await client.connect(transport);
  return client;
}

/** Returns the header of a request signed with a user's access key. The local gateway does not verify signatures. */
export function signedAs(owner: string): string {
  const scope = '20260101/us-east-1/execute-api/aws4_request';
  return `AWS4-HMAC-SHA256 Credential=${owner}/${scope}, SignedHeaders=host, Signature=0`;
}

export async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<ToolResult> {
  const { isError, structuredContent, content } = await client.callTool({ name, arguments: args });
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return { isError, data: structuredContent, text: texts.join('\n') };
}

/** Returns the download URL of a job's file. @throws Error when the job has no such file */
export async function fileUrl(client: Client, job_id: string, name: string): Promise<string> {
  const { data, text } = await call(client, 'get_file', { job_id, name });
  if (!data.files) throw new Error(text);
  return data.files[0].url;
}

/** Creates SDK clients of the local cloud's services, like an operator's. */
export function awsClients({ environment }: Pick<LocalCloud, 'environment'>) {
  const common = {
    region: environment.AWS_REGION,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  };
  return {
    dynamodb: new DynamoDBClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB }),
    s3: new S3Client({ ...common, endpoint: environment.AWS_ENDPOINT_URL_S3 }),
    sfn: new SFNClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_SFN }),
    sns: new SNSClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_SNS }),
    sqs: new SQSClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_SQS }),
  };
}

/**
 * Waits until a job is in one of these steps. Reads the record, which has no rate limit: a step may end before a
 * rate-limited tool reads again.
 * @throws Error when the job ends first
 */
export async function untilStep(
  cloud: Pick<LocalCloud, 'environment' | 'outputs'>,
  jobId: string,
  steps: readonly string[],
): Promise<void> {
  const { dynamodb } = awsClients(cloud);
  const get = new GetItemCommand({ TableName: cloud.outputs.JobsTableName, Key: { jobId: { S: jobId } } });
  try {
    for (;;) {
      const { step, endedAt } = (await dynamodb.send(get)).Item ?? {};
      if (endedAt) throw new Error(`The job has ended before it could be seen in ${steps.join(' or ')}.`);
      if (step?.S !== undefined && steps.includes(step.S)) return;
      await delay(5);
    }
  } finally {
    dynamodb.destroy();
  }
}

/** Returns the ARN of a job's execution. */
export async function executionArn(operation: string, jobId: string): Promise<string> {
  const name = await operationName(assemblies.test, operation);
  return `arn:aws:states:us-east-1:000000000000:execution:${name}:${jobId}`;
}

/** Returns the URL of a queue. */
export function queueUrl({ environment }: Pick<LocalCloud, 'environment'>, arn = ''): string {
  const [account, name] = arn.split(':').slice(4);
  return new URL(`/${account}/${name}`, environment.AWS_ENDPOINT_URL_SQS).href;
}
