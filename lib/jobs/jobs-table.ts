/** Creates the jobs table, the source of truth about jobs, and grants access to it. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, ProjectionType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { JobsTable as Names } from '../../lambdas/jobs/jobs-table.ts';
import { DEFAULT_JOB_LIMITS, type JobLimits } from '../../lambdas/jobs/limits.ts';
import { Env } from '../../lambdas/shared/env.ts';
import { TABLE_DEFAULTS, textKeys } from '../defaults/table-defaults.ts';
import { grantIndex, grantTable } from '../defaults/table-grants.ts';

export interface JobsTableProps {
  /** Limits for the jobs of one owner. @default DEFAULT_JOB_LIMITS */
  readonly limits?: Partial<JobLimits>;
}

/** The table of all jobs, with its indexes and its stream. */
export class JobsTable extends Construct {
  readonly table: TableV2;
  readonly #limits: JobLimits;

  constructor(scope: Construct, id: string, { limits }: JobsTableProps = {}) {
    super(scope, id);
    this.#limits = { ...DEFAULT_JOB_LIMITS, ...limits };
    const { ownerIndex, openIndex } = Names;
    this.table = new TableV2(this, 'Table', {
      ...TABLE_DEFAULTS,
      partitionKey: { name: Names.partitionKey, type: AttributeType.STRING },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: Names.ttlAttribute,
      globalSecondaryIndexes: [ownerIndex, openIndex].map((index) => ({
        indexName: index.name,
        ...textKeys(index),
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: [...index.attributes],
      })),
    });
  }

  /** Allows a function to create jobs within the limits, and to read, list, answer and cancel jobs. */
  grantSubmit(fn: LambdaFunction): void {
    this.#grant(fn, 'PutItem', 'UpdateItem', 'GetItem', 'BatchGetItem');
    this.#grantList(fn);
    grantIndex(fn, this.table, Names.openIndex.name);
    this.#addLimits(fn);
  }

  /** Allows a function to read and list jobs. */
  grantRead(fn: LambdaFunction): void {
    this.#grant(fn, 'GetItem', 'BatchGetItem');
    this.#grantList(fn);
  }

  /** Allows a function to update an existing job: progress, completion, failure. */
  grantProgress(fn: LambdaFunction): void {
    this.#grant(fn, 'UpdateItem', 'GetItem');
  }

  /** Allows a function to note that somebody receives the progress of a job. */
  grantWatch(fn: LambdaFunction): void {
    this.#grant(fn, 'UpdateItem');
  }

  /** Allows a function to read every open job, and to start or end it. */
  grantReconcile(fn: LambdaFunction): void {
    this.grantProgress(fn);
    this.#grantListOpen(fn);
  }

  /** Allows a function to read, list and cancel the jobs of all owners. */
  grantOperate(fn: LambdaFunction): void {
    this.#grant(fn, 'UpdateItem', 'GetItem', 'BatchGetItem');
    this.#grantList(fn);
    this.#grantListOpen(fn);
  }

  #grantListOpen(fn: LambdaFunction): void {
    grantIndex(fn, this.table, Names.openIndex.name, 'Scan');
  }

  #addLimits(fn: LambdaFunction): void {
    fn.addEnvironment(Env.jobLimits, JSON.stringify(this.#limits));
  }

  #grant(fn: LambdaFunction, ...actions: string[]): void {
    grantTable(fn, this.table, actions);
    fn.addEnvironment(Env.jobsTableName, this.table.tableName);
  }

  #grantList(fn: LambdaFunction): void {
    grantIndex(fn, this.table, Names.ownerIndex.name);
  }
}
