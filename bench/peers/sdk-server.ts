/** Serves the tool `work` with the in-memory tasks of the official SDK, in sessions like its example. Argument: port. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as z from 'zod';

const taskStore = new InMemoryTaskStore();
const taskMessageQueue = new InMemoryTaskMessageQueue();

function createPeer(): McpServer {
  const server = new McpServer(
    { name: 'peer', version: '1.0.0' },
    { capabilities: { tasks: { requests: { tools: { call: {} } } } }, taskStore, taskMessageQueue },
  );
  const inputSchema = { text: z.string(), ms: z.number() };
  server.experimental.tasks.registerToolTask(
    'work',
    { description: 'Returns the text after so many milliseconds.', inputSchema },
    {
      async createTask({ text, ms }, { taskStore: store, taskRequestedTtl: ttl }) {
        const task = await store.createTask({ ttl });
        void delay(ms).then(() =>
          store.storeTaskResult(task.taskId, 'completed', { content: [{ type: 'text', text }] }),
        );
        return { task };
      },
      getTask: async (_, { taskId, taskStore: store }) => store.getTask(taskId),
      getTaskResult: async (_, { taskId, taskStore: store }) =>
        (await store.getTaskResult(taskId)) as { content: [] },
    },
  );
  return server;
}

const sessions = new Map<string, StreamableHTTPServerTransport>();

createServer(async (request, response) => {
  const id = request.headers['mcp-session-id']?.toString();
  const known = id === undefined ? undefined : sessions.get(id);
  if (id !== undefined && !known) return response.writeHead(404).end();
  const transport = known ?? (await createSession());
  return transport.handleRequest(request, response);
}).listen(Number(process.argv[2]), '127.0.0.1');

async function createSession(): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  await createPeer().connect(transport as Parameters<McpServer['connect']>[0]);
  return transport;
}
