/** Creates a CDK app with one operation that takes a large file and returns one. */
import { App } from 'aws-cdk-lib';
import { AsyncOperationsStack, loadOperations, readContext } from 'mcp-async-operations';

const app = new App();
const operations = await loadOperations(new URL('./operations.ts', import.meta.url));
new AsyncOperationsStack(app, 'Photos', { operations, ...(await readContext(app.node, operations)) });
