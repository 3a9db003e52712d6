/** Resumes jobs whose uploads have arrived, with a function that the bucket invokes through EventBridge. */
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { UPLOADS_PREFIX } from '../../lambdas/jobs/upload-key.ts';
import { CompactRole } from '../defaults/compact-role.ts';
import { lambdaEntry } from '../defaults/lambda-entry.ts';
import { NodeFunction } from '../defaults/node-function.ts';
import type { JobsTable } from './jobs-table.ts';
import type { WorkspaceBucket } from './workspace-bucket.ts';

export interface UploadReceiverProps {
  readonly jobsTable: JobsTable;
  readonly workspace: WorkspaceBucket;
}

/** The function that resumes jobs, and its rule. */
export class UploadReceiver extends Construct {
  constructor(scope: Construct, id: string, { jobsTable, workspace }: UploadReceiverProps) {
    super(scope, id);
    const receiver = new NodeFunction(this, 'Function', {
      description: 'Resumes jobs whose uploads have arrived in the workspace',
      entry: lambdaEntry('executions/input/receive-upload.lambda'),
      role: new CompactRole(this, 'FunctionRole', 'lambda.amazonaws.com'),
      purpose: 'recorder',
    });
    jobsTable.grantProgress(receiver);
    workspace.grantHeadUpload(receiver);
    // No dead-letter queue: the reconciler finds uploads whose event was lost.
    new Rule(this, 'Arrived', {
      description: 'Uploads that jobs may wait for',
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
