/** Runs a CDK app as the CDK CLI does, to get a cloud assembly for the local cloud. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LOCAL_CONTEXT } from '../../lib/defaults/local-context.ts';
import { ACCOUNT } from '../shared/aws-names.ts';

/** The folder of this package: the repository, or the installed package. */
export const PACKAGE = resolve(
  fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../..' : '../../..', import.meta.url)),
);

/** The CDK context of the authorization on the local cloud: IAM, or an OpenID Connect issuer. */
export type LocalAuthorization = Readonly<Record<string, string>>;

/** The user of unsigned requests: see `userOfKey`. */
const UNSIGNED: LocalAuthorization = {
  authorization: 'iam',
  operators: `arn:aws:iam::${ACCOUNT}:user/development`,
};

/** Options to synthesize an app. */
export interface SynthesizeOptions {
  /** The folder that contains cdk.json. */
  readonly app: string;
  /** The command that runs the app. @default `app` of cdk.json */
  readonly command?: string;
  /** CDK context, in addition to cdk.json and cdk.context.json. @default none */
  readonly context?: Readonly<Record<string, string>>;
  /**
   * How callers authenticate, as CDK context. @default IAM without signature checks: unsigned requests are the owner
   * `development`, who is an operator
   */
  readonly authorization?: LocalAuthorization;
}

/**
 * @param outputDirectory is replaced, and returned
 * @throws Error when the folder contains no CDK app, or with the output of an app that fails
 */
export async function synthesize(outputDirectory: string, options: SynthesizeOptions): Promise<string> {
  const { app, context = {}, authorization = UNSIGNED } = options;
  const settings = readJson(join(app, 'cdk.json'));
  const command = options.command ?? settings?.app;
  if (typeof command !== 'string') {
    throw new Error(
      `${app} is not a CDK app: it has no cdk.json with "app". Change to the folder of your app, or give it with --app DIR.`,
    );
  }
  await rm(outputDirectory, { recursive: true, force: true });
  const given = {
    ...(settings?.context as object | undefined),
    ...readJson(join(app, 'cdk.context.json')),
    ...context,
    [LOCAL_CONTEXT]: authorization,
  };
  const child = spawn(command, {
    cwd: app,
    shell: true,
    env: {
      ...process.env,
      // Uses the Node that runs this program, which may differ from the machine's `node`.
      PATH: [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter),
      CDK_OUTDIR: outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify(given),
      ...cacheVariables(app),
      // Template validation is for deployments, and takes 3 s of CPU time.
      CDK_VALIDATION: 'false',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [printed, status] = await Promise.all([
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
  ]);
  if (status !== 0) throw new Error(`The CDK app could not be synthesized (${command}):\n${printed}`);
  if (!existsSync(join(outputDirectory, 'manifest.json'))) {
    throw new Error(
      `The CDK app wrote no assembly (${command}): create an App in it, and let it end by itself.`,
    );
  }
  return outputDirectory;
}

/**
 * Returns the variables that let an app use bundles of unchanged sources again, and V8's compiled code. Both are where tools keep
 * what they can make again; an app without dependencies of its own has no such place.
 */
function cacheVariables(app: string): Readonly<Record<string, string>> {
  const modules = join(app, 'node_modules');
  if (!existsSync(modules)) return {};
  const cache = join(modules, '.cache', 'mcp-async-operations');
  const { BUNDLE_CACHE = cache, NODE_COMPILE_CACHE = join(cache, 'compiled') } = process.env;
  return { BUNDLE_CACHE, NODE_COMPILE_CACHE };
}

/** @throws Error naming a file that is not JSON */
function readJson(file: string): Readonly<Record<string, unknown>> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${file} is not valid JSON: ${(error as Error).message}. Correct the file.`, {
      cause: error,
    });
  }
}
