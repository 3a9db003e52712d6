/** The jobs table: the only truth about jobs. */
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
  /** What an owner may have done at once. @default DEFAULT_JOB_LIMITS */
  readonly limits?: Partial<JobLimits>;
}

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
      removalPolicy: RemovalPolicy.RETAIN,
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

  /** To create, within the limits, to read, list and cancel jobs. */
  grantSubmit(fn: LambdaFunction): void {
    this.#grant(fn, 'PutItem', 'UpdateItem', 'GetItem', 'BatchGetItem');
    this.#grantList(fn);
    grantIndex(fn, this.table, Names.openIndex.name);
    this.#tellLimits(fn);
  }

  /** To read, list and answer jobs. */
  grantAnswer(fn: LambdaFunction): void {
    this.#grant(fn, 'GetItem', 'UpdateItem');
    this.#grantList(fn);
    this.#tellLimits(fn);
  }

  /** To read jobs. */
  grantRead(fn: LambdaFunction): void {
    this.#grant(fn, 'GetItem', 'BatchGetItem');
    this.#grantList(fn);
  }

  /** To move a job that exists: progress, completion, failure. */
  grantProgress(fn: LambdaFunction): void {
    this.#grant(fn, 'UpdateItem', 'GetItem');
  }

  /** To look at every open job, to start it, or to end it. */
  grantReconcile(fn: LambdaFunction): void {
    this.grantProgress(fn);
    grantIndex(fn, this.table, Names.openIndex.name, 'Scan');
  }

  #tellLimits(fn: LambdaFunction): void {
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
