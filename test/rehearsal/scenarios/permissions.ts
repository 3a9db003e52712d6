/** Checks that the roles of the functions suffice. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { STACK } from '../deployment.ts';
import { functionLogs } from '../function-logs.ts';
import type { Report } from '../report.ts';

const REFUSAL = /AccessDenied|AuthorizationError|not authorized/;

/** Runs the sweep, whose schedule may not come during the rehearsal. */
export async function sweepScenario(report: Report): Promise<void> {
  await report.check('the sweep of open jobs runs', async () => {
    const { StackResources = [] } = await new CloudFormationClient().send(
      new DescribeStackResourcesCommand({ StackName: STACK }),
    );
    const sweep = StackResources.find(
      ({ LogicalResourceId = '', ResourceType }) =>
        ResourceType === 'AWS::Lambda::Function' && LogicalResourceId.startsWith('Reconciler'),
    );
    const { FunctionError, Payload } = await new LambdaClient().send(
      new InvokeCommand({ FunctionName: sweep?.PhysicalResourceId, Payload: '{}' }),
    );
    assert.equal(FunctionError, undefined, Buffer.from(Payload ?? []).toString());
  });
}

/** @param logFile receives the logs of all functions */
export async function permissionCheck(report: Report, logFile: string): Promise<void> {
  await report.check('no function was refused a permission', async () => {
    const lines = await functionLogs();
    await writeFile(logFile, lines.join('\n'));
    assert.notEqual(lines.length, 0);
    assert.deepEqual(
      lines.filter((line) => REFUSAL.test(line)),
      [],
    );
  });
}
