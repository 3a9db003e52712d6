/** Starts the app of the samples as `npm start -- --auth` does, with a browser and clients that sign in. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type FetchLike, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Browser, Page } from 'puppeteer-core';
import { startApp } from '../../local/app.ts';
import {
  authorizationContext,
  DEFAULT_USER,
  type IdentityProvider,
  startIdentityProvider,
} from '../../local/cli/identity-provider.ts';
import { SAMPLE_APP, SAMPLE_PROJECT } from '../../local/cli/samples.ts';
import { BUCKET_OUTPUT, uploadProject } from '../../local/cli/upload-project.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { awsClients } from '../support/test-cloud.ts';
import { userToken } from '../support/user-token.ts';
import { launchBrowser, setTheme } from './browser.ts';
import { writeFlakyProject } from './flaky-project.ts';
import { writeHostileProject } from './hostile-project.ts';
import { press } from './page-actions.ts';

const SCOPES = 'openid jobs:read jobs:write webhooks:manage';

/** The console renews a token ten seconds before it expires: each test file sees several. */
const ACCESS_TOKEN_SECONDS = 30;

export interface ConsoleCloud {
  readonly cloud: LocalCloud;
  readonly identityProvider: IdentityProvider;
  readonly browser: Browser;
  /** An access token for this API that nobody has used, as old as the cloud. */
  readonly oldToken: string;
  /** Returns an access token. @param resource its audience. @default the MCP endpoint */
  token(user: string, resource?: string): Promise<string>;
  /** Returns an MCP client of a user. @default the user who signs in to the console */
  client(user?: string): Promise<Client>;
  /**
   * Opens a page of the console in a new tab, and signs in when it asks for it.
   * @param user who signs in, with cookies and storage of their own. @default the identity provider's default
   */
  open(hash?: string, user?: string): Promise<Page>;
  /** Uploads a project whose tests call a service at a URL. */
  upload(name: string, url: string): Promise<void>;
  /** Returns the owner of a user's jobs. @default the user who signs in to the console */
  ownerOf(user?: string): string;
}

interface Started extends ConsoleCloud {
  close(): Promise<void>;
}

let shared: Promise<Started> | undefined;

/** Returns the cloud of this test run. Its workspace has the projects `hello-service`, `hostile` and `hostile-failing`. */
export function consoleCloud(): Promise<ConsoleCloud> {
  shared ??= start();
  return shared;
}

export async function closeConsoleCloud(): Promise<void> {
  await (await shared)?.close();
}

async function start(): Promise<Started> {
  const directory = await mkdtemp(join(tmpdir(), 'console-cloud-'));
  const identityProvider = await startIdentityProvider({ accessTokenSeconds: ACCESS_TOKEN_SECONDS });
  const { issuer } = identityProvider;
  const [cloud, browser] = await Promise.all([
    startApp({
      ...SAMPLE_APP,
      authorization: authorizationContext(identityProvider),
      assemblyDirectory: join(directory, 'cdk.out'),
      allowLoopbackWebhooks: true,
    }),
    launchBrowser(),
  ]);
  await uploadProjects(cloud, directory);
  const endpoint = `${cloud.url}/mcp`;
  const token = (user: string, resource = endpoint) =>
    userToken(identityProvider, { resource, user, scope: SCOPES });
  const clients: Client[] = [];

  return {
    cloud,
    identityProvider,
    browser,
    oldToken: await token(DEFAULT_USER),
    token,
    upload: (name, url) => uploadFlakyProject(cloud, join(directory, name), name, url),
    ownerOf: (user = DEFAULT_USER) => `${issuer}#${user}`,

    async client(user = DEFAULT_USER) {
      const client = new Client({ name: 'test', version: '1.0.0' });
      const authorized = withTokens(() => token(user));
      await client.connect(new StreamableHTTPClientTransport(new URL(endpoint), { fetch: authorized }));
      clients.push(client);
      return client;
    },

    async open(hash = '', user) {
      const context = user === undefined ? browser : await browser.createBrowserContext();
      const page = await context.newPage();
      await setTheme(page, 'light');
      if (user !== undefined) await page.goto(signInAddress(identityProvider, cloud.url, user));
      await page.goto(`${cloud.url}/console${hash}`);
      await page.waitForSelector('h1');
      const title = await page.$eval('h1', (heading) => heading.textContent);
      if (title === 'Sign in') await Promise.all([page.waitForSelector('nav'), press(page, 'Sign in')]);
      return page;
    },

    async close() {
      await Promise.all([...clients.map((client) => client.close()), browser.close()]);
      await cloud.close();
      await identityProvider.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Sends requests with an access token, and gets another one before it expires. */
function withTokens(getToken: () => Promise<string>): FetchLike {
  let token: Promise<string> | undefined;
  let renewAt = 0;
  return async (url, init) => {
    if (Date.now() >= renewAt) {
      token = getToken();
      renewAt = Date.now() + (ACCESS_TOKEN_SECONDS * 1_000) / 2;
    }
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await token}`);
    return fetch(url, { ...init, headers });
  };
}

/** The page that makes this user the one of the browser's session at the identity provider. */
function signInAddress({ issuer, publicClient }: IdentityProvider, cloudUrl: string, user: string): string {
  const url = new URL('/auth', issuer);
  url.search = new URLSearchParams({
    client_id: publicClient.clientId,
    redirect_uri: `${cloudUrl}/console`,
    response_type: 'code',
    scope: 'openid',
    login_hint: user,
    code_challenge: 'A'.repeat(43),
    code_challenge_method: 'S256',
  }).toString();
  return url.href;
}

async function uploadFlakyProject(
  cloud: LocalCloud,
  directory: string,
  name: string,
  url: string,
): Promise<void> {
  const { s3 } = awsClients(cloud);
  await writeFlakyProject(directory, name, url);
  await uploadProject(s3, cloud.outputs[BUCKET_OUTPUT] ?? '', directory, name);
  s3.destroy();
}

async function uploadProjects(cloud: LocalCloud, directory: string): Promise<void> {
  const { s3 } = awsClients(cloud);
  const bucket = cloud.outputs[BUCKET_OUTPUT] ?? '';
  await uploadProject(s3, bucket, SAMPLE_PROJECT, 'hello-service');
  for (const [name, outcome] of [
    ['hostile', 'passes'],
    ['hostile-failing', 'fails'],
  ] as const) {
    await writeHostileProject(join(directory, name), outcome);
    await uploadProject(s3, bucket, join(directory, name), name);
  }
  s3.destroy();
}
