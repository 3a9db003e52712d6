/** Runs the steps of `migrate`. Only this function may change tables of the operator. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { StepEnv, stepHandler } from 'mcp-async-operations/steps';
import { apply } from './apply.ts';
import { migrate } from './operation.ts';
import { OperatorTables } from './operator-tables.ts';
import { plan } from './plan.ts';

// Slows down for a throttled table instead of failing.
const client = new DynamoDBClient({ retryMode: 'adaptive', maxAttempts: 10 });
const allowed = (process.env[StepEnv.operatorTables] ?? '').split(',').filter((name) => name !== '');
const tables = new OperatorTables(client, allowed);

export const handler = stepHandler(migrate, { plan: plan(tables), apply: apply(tables) });
