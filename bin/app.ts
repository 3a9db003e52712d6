/** The CDK app: one stack with the catalogue's operations. */
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { operations } from '#catalogue';
import { AsyncOperationsStack } from '../lib/async-operations-stack.ts';

new AsyncOperationsStack(new App(), 'AsyncOperations', {
  operations,
  catalogue: fileURLToPath(import.meta.resolve('#catalogue')),
});
