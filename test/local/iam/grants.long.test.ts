/** What a template does not grant is missed where it is needed: each of these takes one thing away. */
import { request } from 'node:http';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { Template } from '../../../local/template/assembly.ts';
import { assemblies } from '../../support/assemblies.ts';
import { awsClients, call, connect } from '../../support/test-cloud.ts';
import { fixtureAssembly } from '../fixture/assembly.ts';
import { changedAssembly } from '../fixture/changed-assembly.ts';
import { waitFor } from '../fixture/harness.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Changed {
  readonly cloud: LocalCloud;
  readonly log: string[];
}

async function start(
  assembly: string,
  stack: string,
  change: (template: Template) => void,
): Promise<Changed> {
  const changed = await changedAssembly(assembly, `${stack}.template.json`, change);
  closers.push(changed.remove);
  const log: string[] = [];
  const cloud = await startLocalCloud({
    assemblyDirectory: changed.directory,
    onLog: (name, line) => log.push(`${name} ${line}`),
  });
  closers.push(cloud.close);
  return { cloud, log };
}

const startTest = (role: string, action: string) =>
  start(assemblies.test, 'AsyncOperationsTest', withoutGrant(role, action));

interface PolicyProperties {
  readonly PolicyName: string;
  readonly PolicyDocument: { readonly Statement: { Action: string | string[] }[] };
}

/** Takes an action out of every statement of the policies of a function's role. */
function withoutGrant(role: string, action: string): (template: Template) => void {
  return ({ Resources }) => {
    let taken = 0;
    for (const [id, { Type, Properties }] of Object.entries(Resources)) {
      const { Policies = [], ...policy } = Properties as unknown as PolicyProperties & {
        readonly Policies?: readonly PolicyProperties[];
      };
      const ofRole = Type === 'AWS::IAM::Role' && id.startsWith(role) ? Policies : [];
      const attached = Type === 'AWS::IAM::Policy' && policy.PolicyName.startsWith(role) ? [policy] : [];
      for (const statement of [...ofRole, ...attached].flatMap((one) => one.PolicyDocument.Statement)) {
        const actions = [statement.Action].flat();
        const left = actions.filter((one) => one !== action);
        taken += actions.length - left.length;
        statement.Action = left.length > 0 ? left : 'nothing:AtAll';
      }
    }
    if (taken === 0) throw new Error(`No policy that begins with ${role} grants ${action}.`);
  };
}

/** Of a POST to a path as it is written: `fetch` would tidy it. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method: 'POST' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** The line of a function's log that tells of a refusal. */
function refusalIn(log: readonly string[], functionName: string, action: string): Promise<string> {
  return waitFor(async () =>
    log.find(
      (line) =>
        new RegExp(`^(${functionName})`).test(line) && line.includes(`not authorized to perform: ${action}`),
    ),
  );
}

describe('of the stack,', () => {
  test('without states:StartExecution the MCP function starts nothing', async () => {
    const { cloud, log } = await startTest('McpFunction', 'states:StartExecution');
    const client = await connect(cloud);
    closers.push(() => client.close());
    const { isError } = await call(client, 'start_echo', { text: 'x' });
    expect(isError).toBe(true);
    expect(await refusalIn(log, 'McpFunction', 'states:StartExecution')).toContain('AccessDeniedException');
  });

  test('without dynamodb:UpdateItem an operation gets nowhere', async () => {
    const { cloud, log } = await startTest('echoFunction', 'dynamodb:UpdateItem');
    const client = await connect(cloud);
    closers.push(() => client.close());
    await call(client, 'start_echo', { text: 'x' });
    expect(await refusalIn(log, 'AsyncO-.*-echo', 'dynamodb:UpdateItem')).toMatch(/table\/JobsTable/);
  });

  test.each([
    ['sns:Publish', 'SNS:Publish'],
    ['dynamodb:Query', 'dynamodb:Query'],
  ])('without %s the events function tells nobody', async (action, spelled) => {
    const { cloud, log } = await startTest('EventsFunction', action);
    const client = await connect(cloud);
    closers.push(() => client.close());
    await call(client, 'start_echo', { text: 'x' });
    expect(await refusalIn(log, 'EventsFunction', spelled)).toContain('EventsFunction');
  });

  test('without lambda:InvokeFunction a runner does not reach its sandbox', async () => {
    const { cloud, log } = await startTest('confinedFunction', 'lambda:InvokeFunction');
    const client = await connect(cloud);
    closers.push(() => client.close());
    const { data } = await call(client, 'start_confined', { behaviour: 'count', wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'failed', error: { code: 'INTERNAL_ERROR' } });
    expect(await refusalIn(log, 'AsyncO-.*-confined', 'lambda:InvokeFunction')).toMatch(
      /function:confinedSandbox/,
    );
  });

  test('without states:DescribeStateMachineForExecution nobody sees how far a machine is that is not ours', async () => {
    const { cloud, log } = await startTest('McpFunction', 'states:DescribeStateMachineForExecution');
    const client = await connect(cloud);
    closers.push(() => client.close());
    const { data } = await call(client, 'start_report', { seconds: 60 });
    // The answer is what was read, all the same.
    const checked = await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 4 });
    expect(checked.data).toMatchObject({ status: 'running', progress: 0 });
    expect(await refusalIn(log, 'McpFunction', 'states:DescribeStateMachineForExecution')).toMatch(
      /execution:monthly-report:/,
    );
  });

  test('without states:StartSyncExecution an Express machine answers nobody', async () => {
    const { cloud, log } = await startTest('McpFunction', 'states:StartSyncExecution');
    const client = await connect(cloud);
    closers.push(() => client.close());
    const { data } = await call(client, 'quote', { product: 'tea' });
    expect(data.error.code).toBe('INTERNAL_ERROR');
    expect(await refusalIn(log, 'McpFunction', 'states:StartSyncExecution')).toMatch(
      /stateMachine:price-quote/,
    );
  });

  test('without sqs:SendMessage the mapping of the events function is not created', async () => {
    await expect(startTest('EventsFunction', 'sqs:SendMessage')).rejects.toThrow(
      /^Mapping EventsFunction.* does not have permissions to call sqs:SendMessage on arn:aws:sqs:.*:EventsDeadLetters/,
    );
  });
});

describe('of a fixture,', () => {
  test('a stream cannot be read without each action of its poller', async () => {
    const assembly = await fixtureAssembly('streams-app.ts');
    await expect(
      start(assembly, 'Streams', withoutGrant('all', 'dynamodb:GetShardIterator')),
    ).rejects.toThrow(/execution role all.* does not have permissions to call dynamodb:GetShardIterator/);
  });

  test('nor a queue', async () => {
    const assembly = await fixtureAssembly('queues-app.ts');
    await expect(start(assembly, 'Queues', withoutGrant('reporter', 'sqs:ReceiveMessage'))).rejects.toThrow(
      /execution role reporter.* does not have permissions to call sqs:ReceiveMessage/,
    );
  });

  test('without permissions to invoke functions, neither the API nor a rule reaches one', async () => {
    const { cloud, log } = await start(await fixtureAssembly('iam-app.ts'), 'Iam', ({ Resources }) => {
      for (const [logicalId, { Type }] of Object.entries(Resources)) {
        if (Type === 'AWS::Lambda::Permission') delete (Resources as Record<string, unknown>)[logicalId];
      }
    });
    const answer = await fetch(`${cloud.url}/some`, { method: 'POST' });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ message: 'Internal server error' });
    // There is no way around it.
    expect(await statusOf(cloud.url, '/x/../some')).toBe(500);

    const { sfn } = awsClients(cloud);
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:unable';
    await sfn.send(new StartExecutionCommand({ stateMachineArn }));
    const refused = await waitFor(async () => log.find((line) => line.startsWith('none ')));
    expect(refused).toMatch(
      /^none Rule Ended\w+ may not invoke none: give the function an AWS::Lambda::Permi/,
    );
  });
});
