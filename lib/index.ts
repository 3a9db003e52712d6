/**
 * The package's main entry: the constructs of the service.
 * @module mcp-async-operations
 */
import '../lambdas/definition/check-peers.ts';

export type { MetricName } from '../lambdas/shared/observability/metric-definitions.ts';
export type { AuthorizationChoice } from './access/authorization.ts';
export { CLIENT_METADATA_URLS } from './access/client-metadata.ts';
export type { DomainChoice } from './access/custom-domain.ts';
export type { FirewallChoice } from './access/web-firewall.ts';
export { AsyncOperations, type AsyncOperationsProps } from './async-operations.ts';
export { AsyncOperationsStack, type AsyncOperationsStackProps } from './async-operations-stack.ts';
export { type Catalogue, type LoadOperationsOptions, loadOperations } from './catalogue.ts';
export { readContext } from './context.ts';
export type { ReservedConcurrency } from './defaults/reserved-concurrency.ts';
export type { AdotTracing, TracingChoice } from './defaults/tracing.ts';
export type { ApiLogsChoice } from './endpoints/api-logs.ts';
export type { ServerOptions } from './endpoints/server-options.ts';
export type { CanaryOptions } from './monitoring/canary.ts';
export type { BudgetOptions, MonitoringOptions } from './monitoring/monitoring-options.ts';
export type { ServiceMetricOptions } from './monitoring/service-metric.ts';
export type { AlarmThresholds } from './monitoring/thresholds.ts';
export type { ApiConnection } from './operations/api-connections.ts';
export type { Operation } from './operations/operation.ts';
export type { OperationFunctionOptions } from './operations/step-function.ts';
export type { WebhookOptions } from './webhooks/webhooks.ts';
