/** The CDK app: one stack with the catalogue's operations. */
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { operations } from '#catalogue';
import { readAuthorization } from '../lib/access/authorization.ts';
import { readDomain } from '../lib/access/custom-domain.ts';
import { readFirewall } from '../lib/access/web-firewall.ts';
import { AsyncOperationsStack } from '../lib/async-operations-stack.ts';
import { readApis } from '../lib/operations/api-connections.ts';
import { readStateMachines } from '../lib/operations/external-state-machines.ts';
import { readTables } from '../lib/operations/operator-tables.ts';

const app = new App();
new AsyncOperationsStack(app, 'AsyncOperations', {
  authorization: readAuthorization(app.node),
  domain: readDomain(app.node),
  firewall: readFirewall(app.node),
  tables: readTables(app.node),
  apis: readApis(app.node),
  stateMachines: await readStateMachines(app.node, operations),
  operations,
  catalogue: fileURLToPath(import.meta.resolve('#catalogue')),
});
