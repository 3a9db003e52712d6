/** Runs `mcp-async-operations dev`: a CDK app on this machine, until it is interrupted. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startApp } from '../app.ts';
import type { LocalCloud } from '../cloud.ts';
import type { NotRunResource } from '../template/not-run.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { cloudDirectory, writeCloudFile } from './running-cloud.ts';
import { SAMPLE_APP, SAMPLE_PROJECT } from './samples.ts';
import type { LocalAuthorization } from './synthesize.ts';
import { takePlace } from './take-place.ts';

export const USAGE = `Usage: mcp-async-operations dev [OPTIONS]

Runs the CDK app of this folder on a local cloud: for development and tests only.

  --app DIR                   folder with cdk.json; default: the current one
  --stack NAME                stack to run, when several contain the service
  --context KEY=VALUE, -c     CDK context; may be repeated
  --stand-in NAME=VALUE       value for a resource that the local cloud does not run, such as
                              Database.Endpoint.Address=localhost; may be repeated
  --auth                      require access tokens, from an identity provider on the next port
  --ephemeral                 keep everything in memory; may run beside another local cloud
  --allow-loopback-webhooks   allow webhooks to http URLs on this machine
  --help                      show this text

  PORT                        environment variable: port of the API; default 3000, or a free one
                              when --ephemeral finds it in use
  LOCAL_CLOUD_DIR             environment variable: data directory; default .local in the app's folder`;
const EXAMPLE = 'hello-service';
const DEFAULT_PORT = 3000;

interface DevOptions {
  readonly app: string;
  readonly port: number;
  /** False for the default port. */
  readonly isPortChosen: boolean;
  readonly auth: boolean;
  readonly ephemeral: boolean;
  readonly allowLoopbackWebhooks: boolean;
  readonly stack?: string;
  readonly context: Readonly<Record<string, string>>;
  readonly standIns: Readonly<Record<string, string>>;
}

interface SignIn {
  readonly identityProvider: IdentityProvider;
  readonly authorization: LocalAuthorization;
}

/** @returns undefined for --help. @throws Error naming the option and the remedy */
export function readOptions(args: string[]): DevOptions | undefined {
  const port = Number(process.env.PORT ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT=${process.env.PORT} is not a port: give a number from 0 to 65535.`);
  }
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      app: { type: 'string' },
      stack: { type: 'string' },
      context: { type: 'string', multiple: true, short: 'c', default: [] },
      'stand-in': { type: 'string', multiple: true, default: [] },
      auth: flag,
      ephemeral: flag,
      'allow-loopback-webhooks': flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  return {
    app: resolve(values.app ?? process.cwd()),
    port,
    isPortChosen: process.env.PORT !== undefined,
    auth: values.auth,
    ephemeral: values.ephemeral,
    allowLoopbackWebhooks: values['allow-loopback-webhooks'],
    stack: values.stack,
    context: pairs('--context', values.context),
    standIns: pairs('--stand-in', values['stand-in']),
  };
}

function pairs(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
      if (key === undefined || value === undefined) {
        throw new Error(`${option} ${text}: give NAME=VALUE.`);
      }
      return [key, value];
    }),
  );
}

/** Imports the provider only with --auth, because it loads slowly. */
async function startSignIn(apiPort: number): Promise<SignIn> {
  const { authorizationContext, startIdentityProvider } = await import('./identity-provider.ts');
  const identityProvider = await startIdentityProvider({ port: apiPort === 0 ? 0 : apiPort + 1 });
  const { clientId: client_id, clientSecret: client_secret } = identityProvider.confidentialClient;
  const authorization = {
    ...authorizationContext(identityProvider),
    canaryClient: JSON.stringify({ client_id, client_secret }),
  };
  return { identityProvider, authorization };
}

async function start(
  directory: string,
  options: DevOptions,
): Promise<{ cloud: LocalCloud; signIn: SignIn | undefined }> {
  const { app, auth, ephemeral, isPortChosen: _, ...appOptions } = options;
  const signIn = auth ? await startSignIn(options.port) : undefined;
  const cloud = await startApp({
    ...(app === SAMPLE_APP.app ? SAMPLE_APP : { app }),
    ...appOptions,
    authorization: signIn?.authorization,
    assemblyDirectory: join(directory, 'cdk.out'),
    ...(!ephemeral && { dataDirectory: directory }),
    onLog: (functionName, line) => console.log(`[${functionName}] ${line}`),
    onNotRun: (resources) => describeNotRun(resources),
    onFailure: (error) => {
      console.error(error.message);
      process.exit(1);
    },
  });
  if (app === SAMPLE_APP.app) {
    const [{ S3Client }, { BUCKET_OUTPUT, uploadProject }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('./upload-project.ts'),
    ]);
    Object.assign(process.env, cloud.environment);
    await uploadProject(new S3Client(), cloud.outputs[BUCKET_OUTPUT] ?? '', SAMPLE_PROJECT, EXAMPLE);
  }
  await writeCloudFile(directory, cloud);
  return { cloud, signIn };
}

function describeNotRun(resources: readonly NotRunResource[]): void {
  if (resources.length === 0) return;
  const names = resources.map(({ logicalId, type }) => `  ${type}  ${logicalId}`);
  console.log(
    `The local cloud does not run these resources. Functions that need one fail; give its value with --stand-in:\n${names.join('\n')}`,
  );
}

function describeSignIn({ issuer, publicClient, confidentialClient }: IdentityProvider): string {
  return `
Sign-in: ${issuer} signs in every user, as "development" or as the login_hint.
  Only "development" may request the scope jobs:operate, for the operator's page of the console.
  Clients with a metadata document (CIMD) and those that register themselves need only the URL. For others, configure:
    client id      ${publicClient.clientId}            redirects to http://localhost or http://127.0.0.1, any port: /callback, /oauth/callback or /
  Programs without a user (client_credentials):
    client id      ${confidentialClient.clientId}
    client secret  ${confidentialClient.clientSecret}`;
}

/** @returns the exit code */
export async function run(options: DevOptions): Promise<number> {
  const { app, port, auth, ephemeral, allowLoopbackWebhooks } = options;
  const interrupted = new Promise((done) => process.once('SIGINT', done).once('SIGTERM', done));
  try {
    const { directory, leave, ...place } = await takePlace(options);
    const { cloud, signIn } = await start(directory, { ...options, ...place });
    const endpoint = `${cloud.url}/mcp`;
    const servers = { 'async-operations': { type: 'http', url: endpoint } };
    console.log(`MCP endpoint: ${endpoint}
Console:      ${cloud.url}/console

Connect a client:
${JSON.stringify({ mcpServers: servers }, null, 2)}
`);
    if (app === SAMPLE_APP.app) {
      console.log(
        `The sample project "${EXAMPLE}" is ready to build. To add your own, run: ${directory === cloudDirectory(app) ? '' : `LOCAL_CLOUD_DIR=${directory} `}npm run add-project -- DIR`,
      );
    }
    const data = ephemeral ? 'in memory' : directory;
    console.log(`Data: ${data}. For development and tests only. Stop with Ctrl-C.`);
    if (signIn) console.log(describeSignIn(signIn.identityProvider));
    if (allowLoopbackWebhooks) console.log('Webhooks may call http URLs on loopback. For development only.');
    await interrupted;
    await cloud.close();
    await signIn?.identityProvider.close();
    await leave();
    process.exit(0);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const ports = auth ? `${port} or ${port + 1}` : `${port}`;
    const busy = `Port ${ports} is in use: stop the program that listens there, or choose another port: \`PORT=3100 npm start\`.`;
    console.error(code === 'EADDRINUSE' ? busy : message);
    process.exit(1);
  }
}
