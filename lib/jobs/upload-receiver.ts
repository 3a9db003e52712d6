/** Has jobs go on whose files have arrived: a function that the bucket calls, by way of EventBridge. */
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { UPLOADS_PREFIX } from '../../lambdas/jobs/upload-key.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from './jobs-table.ts';
import type { WorkspaceBucket } from './workspace-bucket.ts';

export interface UploadReceiverProps {
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
}

export class UploadReceiver extends Construct {
  constructor(scope: Construct, id: string, { jobsTable, workspace }: UploadReceiverProps) {
    super(scope, id);
    const receiver = new NodeFunction(this, 'Function', {
      description: 'Has jobs go on whose files have arrived in the workspace',
      entry: lambdaEntry('executions/input/receive-upload.lambda'),
    });
    jobsTable.grantProgress(receiver);
    workspace.grantFindUpload(receiver);
    // What is lost of these, the reconciler finds: so nothing keeps the events that the function could not deal with.
    new Rule(this, 'Arrived', {
      description: 'Files that jobs may wait for',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [workspace.bucket.bucketName] },
          object: { key: [{ prefix: UPLOADS_PREFIX }] },
        },
      },
      targets: [new LambdaTarget(receiver)],
    });
  }
}
