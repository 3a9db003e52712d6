/** `npm start`: the whole service on this machine, until it is interrupted. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { type LocalCloud, startLocalCloud } from './cloud.ts';
import { announce, cloudDirectory, findRunningCloud, withdraw } from './running-cloud.ts';
import { REPOSITORY, synthesize } from './synthesize.ts';
import { BUCKET_OUTPUT, uploadProject } from './upload-project.ts';

const USAGE = `Usage: npm start -- [--ephemeral] [--allow-loopback-webhooks]

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
    const { values } = parseArgs({ options: { ephemeral: flag, 'allow-loopback-webhooks': flag } });
    const { ephemeral, 'allow-loopback-webhooks': allowLoopbackWebhooks } = values;
    return { port, ephemeral, allowLoopbackWebhooks };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function start(directory: string, options: ReturnType<typeof readArguments>): Promise<LocalCloud> {
  const { ephemeral, ...cloudOptions } = options;
  const running = await findRunningCloud(directory);
  if (running) {
    throw new Error(
      `A local cloud already runs on ${directory} (process ${running.pid}, ${running.url}): stop it, or choose another directory with LOCAL_CLOUD_DIR.`,
    );
  }
  const cloud = await startLocalCloud({
    assemblyDirectory: await synthesize(join(directory, 'cdk.out')),
    ...cloudOptions,
    ...(!ephemeral && { dataDirectory: directory }),
    onLog: (functionName, line) => console.log(`[${functionName}] ${line}`),
  });
  Object.assign(process.env, cloud.environment);
  const example = join(REPOSITORY, 'examples/projects', EXAMPLE);
  await uploadProject(new S3Client(), cloud.outputs[BUCKET_OUTPUT] ?? '', example, EXAMPLE);
  await announce(directory, cloud);
  return cloud;
}

const options = readArguments();
const { port, ephemeral, allowLoopbackWebhooks } = options;
const directory = cloudDirectory();
const interrupted = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
try {
  const cloud = await start(directory, options);
  const endpoint = `${cloud.url}/mcp`;
  console.log(`MCP endpoint: ${endpoint}

Connect a client:
${JSON.stringify({ mcpServers: { 'async-operations': { type: 'http', url: endpoint } } }, null, 2)}

"${EXAMPLE}" is there to be built. Add your own: npm run add-project -- DIR
Data: ${ephemeral ? 'in memory' : directory}. For development and tests only. Stop with Ctrl-C.`);
  if (allowLoopbackWebhooks) console.log('Webhooks may call http on loopback: for development only.');
  await interrupted;
  await withdraw(directory);
  await cloud.close();
  process.exit(0);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const busy = `Port ${port} is in use: stop what listens there, or choose another, as in \`PORT=3001 npm start\`.`;
  console.error(code === 'EADDRINUSE' ? busy : message);
  process.exit(1);
}
