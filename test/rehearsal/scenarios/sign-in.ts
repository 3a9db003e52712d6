/** Deploys the tutorial's app with its user pool, and calls it as a person and as a program who sign in there. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import {
  Client,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { deployedOutputs } from '../../../local/cli/deployed-stack.ts';
import { ClientMemory } from '../../auth/client-memory.ts';
import { call } from '../../support/test-cloud.ts';
import { jsonRequest } from '../aws-requests.ts';
import { servedUrl } from '../caller.ts';
import { addProject, bootstrap, deploy, STACK, synthesize } from '../deployment.ts';
import type { Report } from '../report.ts';
import { invitationPassword, signInAtPages } from './sign-in-pages.ts';
import type { Tutorial } from './tutorial.ts';

const SCOPES = ['async-operations/jobs:read', 'async-operations/jobs:write'];
const TEXT = 'to be\nor not';
/** The person whom the tutorial invites. */
const EMAIL = 'ada@example.com';
/** The pool requires 14 characters of four kinds. */
const NEW_PASSWORD = 'Correct-horse-7-battery';
const REDIRECT_URL = 'http://localhost:8080/callback';

/** @returns whether the stack is deployed */
export async function signInScenarios(report: Report, tutorial: Tutorial): Promise<boolean> {
  await report.check('each block of commands of the tutorial is known', async () => {
    assert.deepEqual(tutorial.kinds, ['deploy', 'invite', 'connect', 'program', 'delete']);
  });
  const output = await report.check(
    'the commands of the tutorial deploy its app with a user pool',
    async () => {
      await tutorial.synthesize();
      await tutorial.run('deploy');
      return tutorial.outputs();
    },
  );
  if (!output) return false;
  const endpoint = output('McpEndpoint');
  const url = servedUrl(endpoint);
  await report.check('a request without a token is told where the metadata of the sign-in is', async () => {
    const response = await fetch(url, { method: 'POST', body: '{}' });
    assert.equal(response.status, 401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    const metadata = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
    assert.ok(metadata, challenge);
    const document = await (await fetch(servedUrl(metadata))).json();
    assert.equal((document as { readonly resource: string }).resource, endpoint);
  });
  await report.check('a request with an invented token is refused', async () => {
    const { status } = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { authorization: 'Bearer x.y.z' },
    });
    assert.equal(status, 401);
  });
  const password = await report.check(
    'the invitation of the tutorial sends a password by e-mail',
    async () => {
      await tutorial.run('invite');
      return invitationPassword(EMAIL);
    },
  );
  await report.check('the person signs in, chooses a password, and gets the result of the tool', async () => {
    const person = new ClientMemory({ redirectUrl: REDIRECT_URL, known: { client_id: output('ClientId') } });
    const authProvider = person as unknown as OAuthClientProvider;
    const transport = () =>
      new StreamableHTTPClientTransport(new URL(endpoint), { authProvider, fetch: servedFetch });
    const first = transport();
    await assert.rejects(newClient().connect(first), UnauthorizedError);
    const page = person.authorizationUrl;
    assert.ok(page, 'No sign-in page is named.');
    assert.equal(page.href.split('?')[0], `${output('LoginDomain')}/oauth2/authorize`);
    const credentials = { email: EMAIL, password: password ?? '', newPassword: NEW_PASSWORD };
    await first.finishAuth(await signInAtPages(page, REDIRECT_URL, credentials));
    const client = newClient();
    await client.connect(transport());
    const { data } = await call(client, 'start_count_words', { text: TEXT });
    const { data: job } = await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 20 });
    assert.deepEqual(job.result, { words: 4 });
    await client.close();
  });
  await report.check('the pool requires a second factor from an authenticator app', async () => {
    const target = 'AWSCognitoIdentityProviderService.GetUserPoolMfaConfig';
    const config = await jsonRequest('cognito-idp', target, { UserPoolId: output('UserPoolId') });
    assert.deepEqual(config, {
      MfaConfiguration: 'ON',
      SoftwareTokenMfaConfiguration: { Enabled: true },
    });
  });
  await report.check(
    'the commands of the tutorial get a token for a program, and list the tools',
    async () => {
      const { result } = JSON.parse(await tutorial.run('program'));
      const names = result.tools.map(({ name }: { readonly name: string }) => name);
      assert.ok(names.includes('start_count_words'), names.join(', '));
    },
  );
  await report.check('the program calls, and does not see the jobs of the person', async () => {
    const client = await connectProgram(url, await token(output, SCOPES));
    const { data: before } = await call(client, 'list_jobs');
    assert.deepEqual(before.jobs, []);
    const { data } = await call(client, 'start_count_words', { text: TEXT });
    assert.equal(data.status, 'pending');
    const cancelled = await call(client, 'cancel_job', { job_id: data.job_id });
    assert.equal(cancelled.data.status, 'cancelled');
    await client.close();
  });
  await report.check('a token with one scope may not do what needs the other', async () => {
    const client = await connectProgram(url, await token(output, SCOPES.slice(0, 1)));
    const { data } = await call(client, 'list_jobs');
    assert.equal(data.jobs.length, 1);
    const refused = await call(client, 'start_count_words', { text: TEXT });
    assert.equal(refused.data.error.code, 'INSUFFICIENT_SCOPE');
    await client.close();
  });
  return true;
}

/**
 * Deploys the samples as `bin/app.ts` does without options, with a user pool, and builds in the sandbox.
 * @param assembly folder of the assembly to write
 * @param project folder of a project to build
 */
export async function samplesScenario(report: Report, assembly: string, project: string): Promise<void> {
  await report.check('the samples deploy with a user pool, and a program builds in the sandbox', async () => {
    await synthesize(assembly, 'bin/app.ts', {});
    await bootstrap(assembly);
    await deploy(assembly);
    await addProject(project);
    const outputs = await deployedOutputs(STACK);
    const bearer = await token((name) => outputs[name] ?? '', SCOPES);
    const client = await connectProgram(servedUrl(outputs.McpEndpoint ?? ''), bearer);
    const { data } = await call(client, 'start_build', { project: basename(project) });
    const { data: job } = await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 50 });
    assert.equal(job.status, 'completed', JSON.stringify(job));
    await client.close();
  });
}

function newClient(): Client {
  return new Client({ name: 'rehearsal', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
}

async function connectProgram(url: string, bearer: string): Promise<Client> {
  const client = newClient();
  const requestInit = { headers: { authorization: `Bearer ${bearer}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

/** Sends requests for hosts of AWS to ministack. */
function servedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  return fetch(servedUrl(String(url)), init);
}

/** Returns an access token for the stack's client for programs (OAuth client credentials). */
async function token(output: (name: string) => string, scopes: readonly string[]): Promise<string> {
  const ClientId = output('ProgramClientId');
  const { UserPoolClient } = await jsonRequest<{
    readonly UserPoolClient: { readonly ClientSecret: string };
  }>('cognito-idp', 'AWSCognitoIdentityProviderService.DescribeUserPoolClient', {
    UserPoolId: output('UserPoolId'),
    ClientId,
  });
  const credentials = Buffer.from(`${ClientId}:${UserPoolClient.ClientSecret}`).toString('base64');
  const response = await fetch(`${process.env.AWS_ENDPOINT_URL}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }),
  });
  const { access_token } = (await response.json()) as { readonly access_token: string };
  assert.equal(response.status, 200);
  return access_token;
}
