/** Saves the queries of the runbooks in CloudWatch Logs Insights, for the log groups of the deployment. */
import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { LogGroups } from './monitored.ts';

/** A query of Logs Insights. Its parts in capitals are for the reader to replace. */
export interface SavedQuery {
  /** In the console, below the name of the deployment. */
  readonly name: string;
  /** Whether steps write lines that it finds too. @default only the engine does */
  readonly inOperations?: true;
  readonly lines: readonly string[];
}

/** Logs Insights' limit for the log groups of a query. It reads more by a prefix of their names, but not in the console. */
const MAX_LOG_GROUPS = 50;

export const FAILURES_BY_CODE: readonly string[] = [
  'filter ispresent(codes.0)',
  'fields jsonParse(@message) as document',
  'unnest document.codes into code',
  'stats count(*) as failures by operation, code',
  'sort failures desc',
];

/** All saved queries. The runbooks name them. */
export const savedQueries: readonly SavedQuery[] = [
  {
    name: 'All lines of a job',
    inOperations: true,
    lines: [
      'fields @timestamp, level, message, function, step, attempt, delivery_id, @log',
      'filter job_id = "JOB_ID"',
      'sort @timestamp asc',
      'limit 10000',
    ],
  },
  {
    name: 'Errors by function',
    inOperations: true,
    lines: [
      'filter level = "ERROR" or level = "CRITICAL"',
      'stats count(*) as errors, latest(@timestamp) as last by function, message',
      'sort errors desc',
    ],
  },
  { name: 'Failed jobs and refused calls by code', lines: FAILURES_BY_CODE },
  {
    name: 'Slow requests',
    lines: [
      'filter RequestTime > 1000',
      'fields @timestamp, RequestTime, operation, request_id, @log',
      'sort RequestTime desc',
      'limit 100',
    ],
  },
  {
    name: 'All lines of an owner',
    inOperations: true,
    lines: [
      'fields @timestamp, level, message, function, operation, job_id, delivery_id',
      'filter owner = "OWNER_HASH"',
      'sort @timestamp desc',
      'limit 1000',
    ],
  },
  {
    name: 'Webhook attempts of an endpoint',
    lines: [
      'filter endpoint_id = "ENDPOINT_ID"',
      'fields @timestamp, message, attempt, job_id, delivery_id',
      'sort @timestamp desc',
      'limit 1000',
    ],
  },
  {
    name: 'Cold starts',
    inOperations: true,
    lines: [
      'filter ispresent(record.metrics.initDurationMs)',
      'stats count(*) as starts, avg(record.metrics.initDurationMs) as avg_ms, max(record.metrics.initDurationMs) as max_ms by @log',
      'sort max_ms desc',
    ],
  },
];

export interface SavedQueriesProps {
  /** Name of the deployment: the folder of the queries. */
  readonly service: string;
  readonly logGroups: LogGroups;
}

/** The saved queries. One that reads more than fifty log groups is saved in parts, each with those of the engine. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, { service, logGroups }: SavedQueriesProps) {
    super(scope, id);
    for (const [index, { name, inOperations, lines }] of savedQueries.entries()) {
      const parts = partsOf(logGroups.engine, inOperations ? logGroups.operations : []);
      for (const [part, groups] of parts.entries()) {
        const suffix = parts.length > 1 ? `, part ${part + 1} of ${parts.length}` : '';
        new CfnQueryDefinition(this, `${index + 1}${part === 0 ? '' : `Part${part + 1}`}`, {
          name: `${service}/${name}${suffix}`,
          logGroupNames: groups.map(({ logGroupName }) => logGroupName),
          queryString: lines.join('\n| '),
        });
      }
    }
  }
}

function partsOf(engine: readonly ILogGroup[], operations: readonly ILogGroup[]): ILogGroup[][] {
  const room = MAX_LOG_GROUPS - engine.length;
  const count = Math.max(1, Math.ceil(operations.length / room));
  return Array.from({ length: count }, (_, part) => [
    ...engine,
    ...operations.slice(part * room, (part + 1) * room),
  ]);
}
