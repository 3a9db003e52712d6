/** The tables of webhooks: endpoints by owner, and deliveries by job. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { DeliveriesTable } from '../../lambdas/webhooks/deliveries/deliveries-table.ts';
import { EndpointsTable } from '../../lambdas/webhooks/endpoints/endpoints-table.ts';
import { TABLE_DEFAULTS, textKeys } from '../defaults/table-defaults.ts';
import { grantIndex, grantTable } from '../defaults/table-grants.ts';

export class WebhookTables extends Construct {
  readonly endpoints: TableV2;
  readonly deliveries: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.endpoints = new TableV2(this, 'Endpoints', {
      ...TABLE_DEFAULTS,
      ...textKeys(EndpointsTable),
      timeToLiveAttribute: EndpointsTable.ttlAttribute,
      // Nobody can recreate what owners have registered, nor the secrets that receivers hold.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { endpointIndex, waitingIndex } = DeliveriesTable;
    this.deliveries = new TableV2(this, 'Deliveries', {
      ...TABLE_DEFAULTS,
      ...textKeys(DeliveriesTable),
      timeToLiveAttribute: DeliveriesTable.ttlAttribute,
      removalPolicy: RemovalPolicy.DESTROY,
      globalSecondaryIndexes: [endpointIndex, waitingIndex].map((index) => ({
        indexName: index.name,
        ...textKeys(index),
        projectionType: ProjectionType.KEYS_ONLY,
      })),
    });
  }

  /** @param actions as the API calls them: `GetItem` */
  grantEndpoints(fn: LambdaFunction, ...actions: string[]): void {
    grantTable(fn, this.endpoints, actions);
    fn.addEnvironment(Env.endpointsTableName, this.endpoints.tableName);
  }

  /** @param actions as the API calls them: `GetItem` */
  grantDeliveries(fn: LambdaFunction, ...actions: string[]): void {
    grantTable(fn, this.deliveries, actions);
    fn.addEnvironment(Env.deliveriesTableName, this.deliveries.tableName);
  }

  /** To list an endpoint's deliveries. */
  grantListOfEndpoint(fn: LambdaFunction): void {
    grantIndex(fn, this.deliveries, DeliveriesTable.endpointIndex.name);
  }

  /** To find the deliveries that wait. */
  grantWaiting(fn: LambdaFunction): void {
    grantIndex(fn, this.deliveries, DeliveriesTable.waitingIndex.name);
  }
}
