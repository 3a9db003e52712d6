/** Creates the slots table, which counts the calls of each owner that run at once, and grants access to it. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { SlotsTable as Names } from '../../lambdas/shared/slots-table.ts';
import { TABLE_DEFAULTS } from '../defaults/table-defaults.ts';
import { grantTable } from '../defaults/table-grants.ts';

/** The slots table. It holds nothing that outlives a call. */
export class SlotsTable extends Construct {
  readonly #table: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.#table = new TableV2(this, 'Table', {
      ...TABLE_DEFAULTS,
      partitionKey: { name: Names.partitionKey, type: AttributeType.STRING },
      timeToLiveAttribute: Names.ttlAttribute,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** Allows a function to take and free slots. */
  grantTake(fn: LambdaFunction): void {
    grantTable(fn, this.#table, ['GetItem', 'UpdateItem']);
    fn.addEnvironment(Env.slotsTableName, this.#table.tableName);
  }
}
