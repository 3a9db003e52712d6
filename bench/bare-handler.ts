/** Implements a minimal MCP function on DynamoDB, as the baseline for the cold start of the `mcp` function. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';

const dynamodb = new DynamoDBClient();

const endpoint = createMcpHandler(() => {
  const server = new Server({ name: 'bare', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/call', async ({ params }) => {
    const { Item } = await dynamodb.send(
      new GetItemCommand({
        TableName: process.env.JOBS_TABLE_NAME,
        Key: { jobId: { S: String(params.arguments?.job_id) } },
        ConsistentRead: true,
      }),
    );
    return { content: [{ type: 'text', text: Item ? 'found' : 'not found' }] };
  });
  return server;
});

export async function handler(event: {
  readonly httpMethod: string;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}): Promise<string> {
  const headers = Object.entries(event.multiValueHeaders).map(([name, values]): [string, string] => [
    name,
    values.join(', '),
  ]);
  const request = new Request('https://localhost/mcp', {
    method: event.httpMethod,
    headers,
    body: event.body,
  });
  return (await endpoint.fetch(request)).text();
}
