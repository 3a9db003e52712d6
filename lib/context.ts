/** Reads the options of the service from the CDK context: what an operator gives with `-c` at deploy. */
import type { Node } from 'constructs';
import { readAuthorization } from './access/authorization.ts';
import { readDomain } from './access/custom-domain.ts';
import { readFirewall } from './access/web-firewall.ts';
import type { AsyncOperationsProps } from './async-operations.ts';
import type { Catalogue } from './catalogue.ts';
import { readApis } from './operations/api-connections.ts';
import { readStateMachines } from './operations/external-state-machines.ts';
import { readTables } from './operations/operator-tables.ts';

/**
 * The properties that the context sets: `authorization` and its options, `domainName`, `firewall`, `migrateTables`,
 * `apiConnections`, `stateMachines` and `stateMachineTag`.
 * @throws Error naming the key, the value and the remedy
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', { operations, ...(await readContext(app.node, operations)) });
 * ```
 */
export async function readContext(
  node: Node,
  catalogue: Catalogue,
): Promise<Omit<AsyncOperationsProps, 'operations'>> {
  return {
    authorization: readAuthorization(node),
    domain: readDomain(node),
    firewall: readFirewall(node),
    tables: readTables(node),
    apis: readApis(node),
    stateMachines: await readStateMachines(node, catalogue.operations),
  };
}
