/** Creates the workspace bucket for projects, artifacts, results and logs. It sends object events to EventBridge. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  isStateMachineOperation,
  longestRunMs,
  type OperationDefinition,
} from '../../lambdas/definition/operation-definition.ts';
import { MAX_RETENTION_SECONDS } from '../../lambdas/jobs/retention.ts';
import { UPLOADS_PREFIX } from '../../lambdas/jobs/upload-key.ts';
import { Env } from '../../lambdas/shared/env.ts';

export interface WorkspaceBucketProps {
  /** Their longest run decides how long files of jobs are kept. */
  readonly operations: readonly OperationDefinition[];
}

/** The workspace bucket, with its lifecycle rules and grants. */
export class WorkspaceBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { operations }: WorkspaceBucketProps) {
    super(scope, id);
    const runMs = longestRunOfStepsMs(operations);
    // S3 counts from the creation of a file. Steps read these files until the job ends.
    const untilEnd = wholeDays(runMs);
    // These are the record of a job, which callers read while the job is kept.
    const untilDeletion = wholeDays(runMs + MAX_RETENTION_SECONDS * 1_000);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      lifecycleRules: [
        { prefix: 'work/', expiration: untilEnd },
        { prefix: UPLOADS_PREFIX, expiration: untilEnd },
        { prefix: 'logs/', expiration: untilDeletion },
        { prefix: 'results/', expiration: untilDeletion },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    // CDK's option would add a function to the stack that only sets this property.
    (this.bucket.node.defaultChild as CfnBucket).addPropertyOverride(
      'NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled',
      true,
    );
  }

  /** Allows a function to check whether an object exists, and to presign download URLs. */
  grantPresignDownload(fn: LambdaFunction): void {
    this.#grant(fn, '*', 's3:GetObject');
  }

  /** Allows a function to presign upload URLs. A presigned URL has the permissions of its signer. */
  grantPresignUpload(fn: LambdaFunction): void {
    this.#grantObjects(fn, `${UPLOADS_PREFIX}*`, 's3:PutObject');
  }

  /** Allows a function to check whether an upload has arrived. */
  grantHeadUpload(fn: LambdaFunction): void {
    this.#grant(fn, `${UPLOADS_PREFIX}*`, 's3:GetObject');
  }

  /** Allows a function to read sources and snapshots, and to write artifacts, results and logs. */
  grantReadWrite(fn: LambdaFunction): void {
    this.#grant(fn, '*', 's3:GetObject', 's3:PutObject');
  }

  /** Allows a function only to write the results of jobs. */
  grantWriteResults(fn: LambdaFunction): void {
    this.#grantObjects(fn, 'results/*', 's3:PutObject');
    fn.addEnvironment(Env.workspaceBucketName, this.bucket.bucketName);
  }

  /** Allows a function only to read and write the logs of steps. */
  grantWriteLogs(fn: LambdaFunction): void {
    this.#grant(fn, 'logs/*', 's3:GetObject', 's3:PutObject');
  }

  /** @param keys an object key, or a prefix and `*` */
  #grant(fn: LambdaFunction, keys: string, ...actions: string[]): void {
    const { bucketArn, bucketName } = this.bucket;
    this.#grantObjects(fn, keys, ...actions);
    // Without this permission, S3 responds with 403 for a missing object, the same as for a denied one.
    Grant.addToPrincipal({ grantee: fn, actions: ['s3:ListBucket'], resourceArns: [bucketArn] });
    fn.addEnvironment(Env.workspaceBucketName, bucketName);
  }

  #grantObjects(fn: LambdaFunction, keys: string, ...actions: string[]): void {
    Grant.addToPrincipal({ grantee: fn, actions, resourceArns: [this.bucket.arnForObjects(keys)] });
  }
}

/** External state machines write no files, and their results are written at the end. */
function longestRunOfStepsMs(operations: readonly OperationDefinition[]): number {
  const runs = operations.filter((operation) => !isStateMachineOperation(operation)).map(longestRunMs);
  return Math.max(0, ...runs);
}

/** Returns the time rounded up to days, at least one: lifecycle rules have no smaller unit. */
function wholeDays(ms: number): Duration {
  return Duration.days(Math.max(1, Math.ceil(ms / Duration.days(1).toMilliseconds())));
}
