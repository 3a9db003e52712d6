/** Runs `mcp-async-operations add-project`: uploads a Node.js project to the local cloud or to a deployed stack. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { deployedOutputs } from './deployed-stack.ts';
import { type ProjectName, projectNameOf } from './project-name.ts';
import { cloudDirectory, findRunningCloud } from './running-cloud.ts';
import { BUCKET_OUTPUT, uploadProject } from './upload-project.ts';

export const USAGE = `Usage: mcp-async-operations add-project DIR [NAME] [--stack NAME] [--app DIR]

  DIR           directory of a Node.js project
  NAME          name of the project for start_build; default: derived from the directory's name
  --name NAME   the same
  --stack NAME  upload to the deployed stack of this name instead of the local cloud
  --app DIR     folder of the app that the local cloud runs; default: the current one
  --help        show this text`;

interface AddProjectOptions {
  readonly directory: string;
  readonly project: ProjectName;
  readonly app: string;
  readonly stack?: string;
}

/** @returns undefined for --help. @throws Error with the remedy */
export function readOptions(args: string[]): AddProjectOptions | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      stack: { type: 'string' },
      app: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const [directory, name = values.name, ...rest] = positionals;
  if (!directory || rest.length > 0)
    throw new Error(
      `Expected one directory and at most one name, got ${positionals.length} arguments: give DIR [NAME].`,
    );
  const absolute = resolve(directory);
  const app = resolve(values.app ?? process.cwd());
  return { directory: absolute, project: projectNameOf(absolute, name), app, stack: values.stack };
}

async function workspace({ stack, app }: AddProjectOptions): Promise<{ client: S3Client; bucket: string }> {
  const { outputs, environment } = stack
    ? { outputs: await deployedOutputs(stack), environment: {} }
    : await localCloud(app);
  const bucket = Object.entries(outputs).find(([name]) => name.includes(BUCKET_OUTPUT))?.[1];
  if (!bucket)
    throw new Error(
      `The stack has no output ${BUCKET_OUTPUT}: give the name of a stack that contains the service.`,
    );
  Object.assign(process.env, environment);
  return { client: new S3Client(), bucket };
}

async function localCloud(app: string) {
  const cloud = await findRunningCloud(cloudDirectory(app));
  if (cloud) return cloud;
  throw new Error(
    'The local cloud is not running: start it with `npm start`, or `mcp-async-operations dev` in your app.',
  );
}

/** @returns the exit code */
export async function run(options: AddProjectOptions): Promise<number> {
  try {
    const {
      directory,
      project: { name, notice },
    } = options;
    if (notice) console.log(notice);
    const { client, bucket } = await workspace(options);
    const key = await uploadProject(client, bucket, directory, name, console.log);
    console.log(`Uploaded ${key}. To build it, call start_build with {"project": "${name}"}.`);
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}
