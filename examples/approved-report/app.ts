/** Creates a CDK app with one operation that asks a person, and then waits for a slow API. */
import { App } from 'aws-cdk-lib';
import { AsyncOperationsStack, loadOperations, readContext } from 'mcp-async-operations';

const app = new App();
const operations = await loadOperations(new URL('./operations.ts', import.meta.url));
// The context names the API, its URL and its credentials: `-c apiConnections=…`.
new AsyncOperationsStack(app, 'Reports', { operations, ...(await readContext(app.node, operations)) });
