/** Connects an MCP client to a deployed endpoint with IAM authorization. It signs requests with AWS credentials (SigV4). */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { AwsClient } from 'aws4fetch';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** @param endpoint value of the stack output `McpEndpoint` */
export async function connectSigned(
  endpoint: string,
  region: string,
  credentials: Credentials,
): Promise<Client> {
  const aws = new AwsClient({ ...credentials, region, service: 'execute-api' });
  const client = new Client({ name: 'example', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(endpoint), {
      fetch: (url, init) => aws.fetch(url.toString(), init),
    }),
  );
  return client;
}
