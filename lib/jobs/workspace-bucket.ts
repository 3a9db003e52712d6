/** The workspace bucket: projects in, artifacts, results and logs out; it tells EventBridge of what is put into it. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { UPLOADS_PREFIX } from '../../lambdas/jobs/upload-key.ts';
import { Env } from '../../lambdas/shared/env.ts';

/** How long what belongs to a job outlives it: a week of retention at most, and a day. */
const JOB_FILES_EXPIRATION = Duration.days(8);

export class WorkspaceBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { prefix: 'work/', expiration: Duration.days(1) },
        { prefix: UPLOADS_PREFIX, expiration: Duration.days(1) },
        { prefix: 'logs/', expiration: JOB_FILES_EXPIRATION },
        { prefix: 'results/', expiration: JOB_FILES_EXPIRATION },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    // CDK's own option would add a function to the stack that sets this one property.
    (this.bucket.node.defaultChild as CfnBucket).addPropertyOverride(
      'NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled',
      true,
    );
  }

  /** To see whether an object exists, and to sign URLs that read one. */
  grantLink(fn: LambdaFunction): void {
    this.#grant(fn, '*', 's3:GetObject');
  }

  /** To sign URLs that put the file a job waits for: what whoever has one may do is what the signer may. */
  grantLinkUpload(fn: LambdaFunction): void {
    this.#grantObjects(fn, `${UPLOADS_PREFIX}*`, 's3:PutObject');
  }

  /** To see whether the file that a job waits for is there. */
  grantFindUpload(fn: LambdaFunction): void {
    this.#grant(fn, `${UPLOADS_PREFIX}*`, 's3:GetObject');
  }

  /** To read sources and snapshots, and to write what a step makes. */
  grantWork(fn: LambdaFunction): void {
    this.#grant(fn, '*', 's3:GetObject', 's3:PutObject');
  }

  /** To write results of jobs, and nothing else. */
  grantResults(fn: LambdaFunction): void {
    this.#grantObjects(fn, 'results/*', 's3:PutObject');
    fn.addEnvironment(Env.workspaceBucketName, this.bucket.bucketName);
  }

  /** @param keys a key, or `*` behind what keys begin with */
  #grant(fn: LambdaFunction, keys: string, ...actions: string[]): void {
    const { bucketArn, bucketName } = this.bucket;
    this.#grantObjects(fn, keys, ...actions);
    // Without it S3 answers 403 for an object that is not there, and does not say which of the two it is.
    Grant.addToPrincipal({ grantee: fn, actions: ['s3:ListBucket'], resourceArns: [bucketArn] });
    fn.addEnvironment(Env.workspaceBucketName, bucketName);
  }

  #grantObjects(fn: LambdaFunction, keys: string, ...actions: string[]): void {
    Grant.addToPrincipal({ grantee: fn, actions, resourceArns: [this.bucket.arnForObjects(keys)] });
  }
}
