/** `npm run add-project -- DIR [NAME] [--stack NAME]`: makes a project buildable, locally or in a deployed stack. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { deployedOutputs } from './deployed-stack.ts';
import { cloudDirectory, findRunningCloud, type RunningCloud } from './running-cloud.ts';
import { BUCKET_OUTPUT, uploadProject } from './upload-project.ts';

const USAGE = `Usage: npm run add-project -- DIR [NAME] [--stack NAME]

  DIR           directory of a Node.js project
  NAME          what to call it in start_build; default: the directory's name
  --stack NAME  upload to the stack deployed under this name, not to the local cloud`;

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { stack: { type: 'string' } },
    });
    const [directory, name, ...rest] = positionals;
    if (!directory || rest.length > 0) throw new Error('Give one directory, and at most one name.');
    const absolute = resolve(directory);
    return { directory: absolute, name: name ?? basename(absolute), stack: values.stack };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** Where to upload to. */
async function workspace(stackName: string | undefined): Promise<{ client: S3Client; bucket: string }> {
  const stack = stackName
    ? { outputs: await deployedOutputs(stackName), environment: {} }
    : await localCloud();
  const bucket = stack.outputs[BUCKET_OUTPUT];
  if (!bucket) throw new Error(`The stack has no output ${BUCKET_OUTPUT}: is it this project's stack?`);
  Object.assign(process.env, stack.environment);
  return { client: new S3Client(), bucket };
}

async function localCloud(): Promise<RunningCloud> {
  const cloud = await findRunningCloud(cloudDirectory());
  if (!cloud) throw new Error('The local cloud is not running: start it with `npm start`.');
  return cloud;
}

const { directory, name, stack } = readArguments();
try {
  const { client, bucket } = await workspace(stack);
  const key = await uploadProject(client, bucket, directory, name);
  console.log(`Uploaded ${key}. Build it: start_build with {"project": "${name}"}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
