/** Deploys the service with its user pool, and calls it as a program that signs in there. */
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { deployedOutputs } from '../../../local/cli/deployed-stack.ts';
import { call } from '../../support/test-cloud.ts';
import { jsonRequest } from '../aws-requests.ts';
import { servedUrl } from '../caller.ts';
import { bootstrap, deploy, STACK, synthesize } from '../deployment.ts';
import type { Report } from '../report.ts';

const SCOPES = ['async-operations/jobs:read', 'async-operations/jobs:write'];

/** @param assembly folder of the assembly to write @returns whether the stack is deployed */
export async function signInScenarios(report: Report, assembly: string): Promise<boolean> {
  const outputs = await report.check('the app deploys with its user pool', async () => {
    await synthesize(assembly, 'bin/app.ts', {});
    await bootstrap(assembly);
    await deploy(assembly);
    return deployedOutputs(STACK);
  });
  if (!outputs) return false;
  const url = servedUrl(outputs.McpEndpoint ?? '');
  await report.check('a request without a token is told where the metadata of the sign-in is', async () => {
    const response = await fetch(url, { method: 'POST', body: '{}' });
    assert.equal(response.status, 401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    const metadata = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
    assert.ok(metadata, challenge);
    const document = await (await fetch(servedUrl(metadata))).json();
    assert.equal((document as { readonly resource: string }).resource, outputs.McpEndpoint);
  });
  await report.check('a request with an invented token is refused', async () => {
    const { status } = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { authorization: 'Bearer x.y.z' },
    });
    assert.equal(status, 401);
  });
  await report.check('a program calls with a token of the user pool', async () => {
    const client = await connect(url, await token(outputs, SCOPES));
    const { data } = await call(client, 'start_upload', { project: 'signed-in' });
    assert.equal(data.status, 'pending');
    const cancelled = await call(client, 'cancel_job', { job_id: data.job_id });
    assert.equal(cancelled.data.status, 'cancelled');
    await client.close();
  });
  await report.check('a token with one scope may not do what needs the other', async () => {
    const client = await connect(url, await token(outputs, SCOPES.slice(0, 1)));
    const { data } = await call(client, 'list_jobs');
    assert.equal(data.jobs.length, 1);
    const refused = await call(client, 'start_upload', { project: 'signed-in' });
    assert.equal(refused.data.error.code, 'INSUFFICIENT_SCOPE');
    await client.close();
  });
  return true;
}

async function connect(url: string, bearer: string): Promise<Client> {
  const client = new Client(
    { name: 'rehearsal', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const requestInit = { headers: { authorization: `Bearer ${bearer}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

/** Returns an access token for the stack's client for programs (OAuth client credentials). */
async function token(
  { UserPoolId, ProgramClientId }: Readonly<Record<string, string>>,
  scopes: readonly string[],
): Promise<string> {
  const { UserPoolClient } = await jsonRequest<{
    readonly UserPoolClient: { readonly ClientSecret: string };
  }>('cognito-idp', 'AWSCognitoIdentityProviderService.DescribeUserPoolClient', {
    UserPoolId,
    ClientId: ProgramClientId,
  });
  const credentials = Buffer.from(`${ProgramClientId}:${UserPoolClient.ClientSecret}`).toString('base64');
  const response = await fetch(`${process.env.AWS_ENDPOINT_URL}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }),
  });
  const { access_token } = (await response.json()) as { readonly access_token: string };
  assert.equal(response.status, 200);
  return access_token;
}
