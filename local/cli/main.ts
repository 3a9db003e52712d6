/** `npm start`: the whole service on this machine, until it is interrupted. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { type LocalCloud, startLocalCloud } from '../cloud.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { announce, cloudDirectory, findRunningCloud, withdraw } from './running-cloud.ts';
import { REPOSITORY, synthesize } from './synthesize.ts';
import { BUCKET_OUTPUT, uploadProject } from './upload-project.ts';

const USAGE = `Usage: npm start -- [--auth] [--ephemeral] [--allow-loopback-webhooks]

  --auth                      ask for access tokens, of an identity provider on the next port
  --ephemeral                 keep everything in memory
  --allow-loopback-webhooks   let webhooks call http on this machine, for development only
  PORT                        environment variable: port of the API; default 3000
  LOCAL_CLOUD_DIR             environment variable: where data is kept; default .local`;
const EXAMPLE = 'hello-service';

function readArguments() {
  try {
    const port = Number(process.env.PORT ?? 3000);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`PORT=${process.env.PORT} is no port.`);
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({
      options: { auth: flag, ephemeral: flag, 'allow-loopback-webhooks': flag },
    });
    const { auth, ephemeral, 'allow-loopback-webhooks': allowLoopbackWebhooks } = values;
    return { port, auth, ephemeral, allowLoopbackWebhooks };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** What is heavy is loaded by who asks for it. */
async function startSignIn(apiPort: number): Promise<SignIn> {
  const { authorizationBy, startIdentityProvider } = await import('./identity-provider.ts');
  const identityProvider = await startIdentityProvider({ port: apiPort === 0 ? 0 : apiPort + 1 });
  return { identityProvider, context: authorizationBy(identityProvider) };
}

interface SignIn {
  readonly identityProvider: IdentityProvider;
  readonly context: Readonly<Record<string, string>>;
}

async function start(
  directory: string,
  options: ReturnType<typeof readArguments>,
): Promise<{ cloud: LocalCloud; signIn: SignIn | undefined }> {
  const { auth, ephemeral, ...cloudOptions } = options;
  const running = await findRunningCloud(directory);
  if (running) {
    throw new Error(
      `A local cloud already runs on ${directory} (process ${running.pid}, ${running.url}): stop it, or choose another directory with LOCAL_CLOUD_DIR.`,
    );
  }
  const signIn = auth ? await startSignIn(options.port) : undefined;
  const cloud = await startLocalCloud({
    assemblyDirectory: await synthesize(join(directory, 'cdk.out'), undefined, signIn?.context),
    ...cloudOptions,
    ...(!ephemeral && { dataDirectory: directory }),
    onLog: (functionName, line) => console.log(`[${functionName}] ${line}`),
  });
  Object.assign(process.env, cloud.environment);
  const example = join(REPOSITORY, 'examples/projects', EXAMPLE);
  await uploadProject(new S3Client(), cloud.outputs[BUCKET_OUTPUT] ?? '', example, EXAMPLE);
  await announce(directory, cloud);
  return { cloud, signIn };
}

function describeSignIn({ issuer, publicClient, confidentialClient }: IdentityProvider): string {
  return `
Sign-in: ${issuer} signs everybody in, as "development" or as the login_hint says.
  Clients that register themselves need nothing more. Others are to be told:
    client id      ${publicClient.clientId}            back to http://localhost or http://127.0.0.1, any port: /callback, /oauth/callback or /
  Programs on their own (client_credentials):
    client id      ${confidentialClient.clientId}
    client secret  ${confidentialClient.clientSecret}`;
}

const options = readArguments();
const { port, ephemeral, allowLoopbackWebhooks } = options;
const directory = cloudDirectory();
const interrupted = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
try {
  const { cloud, signIn } = await start(directory, options);
  const endpoint = `${cloud.url}/mcp`;
  console.log(`MCP endpoint: ${endpoint}

Connect a client:
${JSON.stringify({ mcpServers: { 'async-operations': { type: 'http', url: endpoint } } }, null, 2)}

"${EXAMPLE}" is there to be built. Add your own: npm run add-project -- DIR
Data: ${ephemeral ? 'in memory' : directory}. For development and tests only. Stop with Ctrl-C.`);
  if (signIn) console.log(describeSignIn(signIn.identityProvider));
  if (allowLoopbackWebhooks) console.log('Webhooks may call http on loopback: for development only.');
  await interrupted;
  await withdraw(directory);
  await cloud.close();
  await signIn?.identityProvider.close();
  process.exit(0);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const busy = `Port ${port}${options.auth ? ` or ${port + 1}` : ''} is in use: stop what listens there, or choose another, as in \`PORT=3100 npm start\`.`;
  console.error(code === 'EADDRINUSE' ? busy : message);
  process.exit(1);
}
