/** State machines found by a tag: the SDK's client asks a server on this machine, which speaks AWS's protocol. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { stateMachineOperation } from '../../../lambdas/definition/state-machine-operation.ts';
import { readStateMachines } from '../../../lib/operations/external-state-machines.ts';

const TAG = 'async-operation';
const requests: unknown[] = [];
let answer: (request: { readonly PaginationToken?: string }, response: ServerResponse) => void;
let server: Server;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    expect(request.headers['x-amz-target']).toBe('ResourceGroupsTaggingAPI_20170126.GetResources');
    const body = (await json(request)) as { PaginationToken?: string };
    requests.push(body);
    answer(body, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_MAX_ATTEMPTS: '1',
    CDK_DEFAULT_REGION: 'eu-west-1',
  });
});
afterAll(() => server.close());
beforeEach(() => {
  requests.length = 0;
});

const arn = (name: string) => `arn:aws:states:eu-west-1:111122223333:stateMachine:${name}`;
const tagged = (name: string, value: string) => ({
  ResourceARN: arn(name),
  Tags: [
    { Key: 'team', Value: 'report' },
    { Key: TAG, Value: value },
  ],
});
const operations = ['report', 'digest'].map((name) =>
  stateMachineOperation({
    name,
    title: name,
    description: name,
    input: z.object({}),
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  }),
);
const read = (context: Record<string, string>, of = operations) =>
  readStateMachines(new App({ context }).node, of);

test('each is the one of the operation that its tag names, on whichever page it is', async () => {
  answer = ({ PaginationToken }, response) =>
    response.end(
      JSON.stringify(
        PaginationToken === 'more'
          ? { ResourceTagMappingList: [tagged('weekly', 'digest'), tagged('theirs', 'of another stack')] }
          : { ResourceTagMappingList: [tagged('nightly', 'report')], PaginationToken: 'more' },
      ),
    );
  expect(await read({ stateMachineTag: TAG })).toEqual({ report: arn('nightly'), digest: arn('weekly') });
  const query = { ResourceTypeFilters: ['states:stateMachine'], TagFilters: [{ Key: TAG }] };
  expect(requests).toEqual([query, { ...query, PaginationToken: 'more' }]);
});

test('what is mapped comes first, and is not looked for', async () => {
  answer = (_request, response) =>
    response.end(JSON.stringify({ ResourceTagMappingList: [tagged('a', 'report'), tagged('b', 'report')] }));
  expect(await read({ stateMachineTag: TAG, stateMachines: 'report=mine' })).toEqual({ report: 'mine' });
});

test('nobody is asked without the key, nor for a catalogue that has none of them', async () => {
  expect(await read({})).toEqual({});
  expect(await read({ stateMachineTag: TAG }, [])).toEqual({});
  expect(requests).toEqual([]);
});

test('two of one operation are refused, naming both', async () => {
  answer = (_request, response) =>
    response.end(JSON.stringify({ ResourceTagMappingList: [tagged('a', 'report'), tagged('b', 'report')] }));
  await expect(read({ stateMachineTag: TAG })).rejects.toThrow(
    `stateMachineTag: operation "report" has two state machines with the tag ${TAG}, ${arn('a')} and ${arn('b')}.`,
  );
});

test('when AWS refuses, the remedy is told', async () => {
  answer = (_request, response) =>
    response
      .writeHead(400, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify({ __type: 'AccessDeniedException', Message: 'not authorized' }));
  await expect(read({ stateMachineTag: TAG })).rejects.toThrow(
    /stateMachineTag: .* AccessDeniedException: .* tag:GetResources .*, or map operations yourself/,
  );
});
