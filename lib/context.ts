/** Reads the options of the service from the CDK context, which operators set with `-c` at deploy. */
import type { Node } from 'constructs';
import { readAuthorization } from './access/authorization.ts';
import { readDomain } from './access/custom-domain.ts';
import { readFirewall } from './access/web-firewall.ts';
import type { AsyncOperationsProps } from './async-operations.ts';
import type { Catalogue } from './catalogue.ts';
import { readReservedConcurrency } from './defaults/reserved-concurrency.ts';
import { readTracing } from './defaults/tracing.ts';
import { readApiLogs } from './endpoints/api-logs.ts';
import { readServer } from './endpoints/server-options.ts';
import { readMonitoring } from './monitoring/monitoring-options.ts';
import { readApis } from './operations/api-connections.ts';
import { readStateMachines } from './operations/external-state-machines.ts';
import { readKmsKeys } from './operations/kms-keys.ts';
import { readTables } from './operations/operator-tables.ts';

/**
 * Reads properties of `AsyncOperations` from the CDK context. The keys are `authorization` and its options, `domainName`,
 * `serverName`, `serverTitle`, `serverDescription`, `serverVersion`, `serverWebsite`, `serverCard`, `firewall`, `reservedConcurrency`, `apiLogs`, `tracing`, `monitoring` and its options, `migrateTables`, `apiConnections`, `kmsKeys`,
 * `stateMachines` and `stateMachineTag`.
 * @param node of the app or the stack
 * @returns properties to pass to `AsyncOperations`; those without a key are undefined or empty
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
    server: readServer(node),
    firewall: readFirewall(node),
    reservedConcurrency: readReservedConcurrency(node),
    apiLogs: readApiLogs(node),
    tracing: readTracing(node),
    monitoring: readMonitoring(node),
    tables: readTables(node),
    apis: readApis(node),
    kmsKeys: readKmsKeys(node),
    stateMachines: await readStateMachines(node, catalogue.operations),
  };
}
