/** The workspace bucket: projects in, artifacts, results and logs out. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { Env } from '../lambdas/shared/env.ts';

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
        { prefix: 'logs/', expiration: JOB_FILES_EXPIRATION },
        { prefix: 'results/', expiration: JOB_FILES_EXPIRATION },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
  }

  /** To see whether an object exists, and to sign URLs that read one. */
  grantLink(fn: LambdaFunction): void {
    this.#grant(fn, 's3:GetObject');
  }

  /** To read sources and snapshots, and to write what a step makes. */
  grantWork(fn: LambdaFunction): void {
    this.#grant(fn, 's3:GetObject', 's3:PutObject');
  }

  /** To write results of jobs, and nothing else. */
  grantResults(fn: LambdaFunction): void {
    const { bucketArn, bucketName } = this.bucket;
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['s3:PutObject'],
      resourceArns: [`${bucketArn}/results/*`],
    });
    fn.addEnvironment(Env.workspaceBucketName, bucketName);
  }

  #grant(fn: LambdaFunction, ...actions: string[]): void {
    const { bucketArn, bucketName } = this.bucket;
    Grant.addToPrincipal({ grantee: fn, actions, resourceArns: [`${bucketArn}/*`] });
    // Without it S3 answers 403 for an object that is not there, and does not say which of the two it is.
    Grant.addToPrincipal({ grantee: fn, actions: ['s3:ListBucket'], resourceArns: [bucketArn] });
    fn.addEnvironment(Env.workspaceBucketName, bucketName);
  }
}
