/** Creates the webhook tables: endpoints by owner, and deliveries by job. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { DeliveriesTable } from '../../lambdas/webhooks/deliveries/deliveries-table.ts';
import { EndpointsTable } from '../../lambdas/webhooks/endpoints/endpoints-table.ts';
import { TABLE_DEFAULTS, textKeys } from '../defaults/table-defaults.ts';
import { grantIndex, grantTable } from '../defaults/table-grants.ts';

/** The webhook tables and the grants on them. */
export class WebhookTables extends Construct {
  readonly endpoints: TableV2;
  readonly deliveries: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.endpoints = new TableV2(this, 'Endpoints', {
      ...TABLE_DEFAULTS,
      ...textKeys(EndpointsTable),
      timeToLiveAttribute: EndpointsTable.ttlAttribute,
      // Registered endpoints, and the secrets that receivers hold, cannot be recreated.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
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

  /** @param actions names of DynamoDB actions: `GetItem` */
  grantEndpoints(fn: LambdaFunction, ...actions: string[]): void {
    grantTable(fn, this.endpoints, actions);
    fn.addEnvironment(Env.endpointsTableName, this.endpoints.tableName);
  }

  /** @param actions names of DynamoDB actions: `GetItem` */
  grantDeliveries(fn: LambdaFunction, ...actions: string[]): void {
    grantTable(fn, this.deliveries, actions);
    fn.addEnvironment(Env.deliveriesTableName, this.deliveries.tableName);
  }

  /** Allows a function to list the deliveries of an endpoint. */
  grantListOfEndpoint(fn: LambdaFunction): void {
    grantIndex(fn, this.deliveries, DeliveriesTable.endpointIndex.name);
  }

  /** Allows a function to find the deliveries that wait for an attempt. */
  grantWaiting(fn: LambdaFunction): void {
    grantIndex(fn, this.deliveries, DeliveriesTable.waitingIndex.name);
  }
}
