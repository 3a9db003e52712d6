/** Adds the operations to a stack that has a table and a secret. */
import { App, Stack } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AsyncOperations, loadOperations, readContext } from 'mcp-async-operations';

const app = new App();
const stack = new Stack(app, 'Minimal');
const notes = new TableV2(stack, 'Notes', { partitionKey: { name: 'id', type: AttributeType.STRING } });
const signingKey = new Secret(stack, 'SigningKey');

const operations = await loadOperations(new URL('../operations/index.ts', import.meta.url));
const context = await readContext(app.node, operations);
const ops = new AsyncOperations(stack, 'Operations', { operations, ...context });
const saveNote = ops.operation('save_note').function;
saveNote.addEnvironment('NOTES_TABLE', notes.tableName);
saveNote.addEnvironment('SIGNING_KEY_ARN', signingKey.secretArn);
notes.grantWriteData(saveNote);
signingKey.grantRead(saveNote);
