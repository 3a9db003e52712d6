/** Runs a CDK app as the CDK command line does, for a cloud assembly that the local cloud runs. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LOCAL_CONTEXT } from '../../lib/defaults/local-context.ts';

/** The folder of this package: the repository, or where it is installed. */
export const PACKAGE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../..' : '../../..', import.meta.url),
);

/** Who may call on the local cloud: IAM's principals, or those of an OpenID Connect issuer. */
export type LocalAuthorization = Readonly<Record<string, string>>;

export interface SynthesizeOptions {
  /** The folder that has cdk.json. */
  readonly app: string;
  /** The command that runs the app. @default `app` of cdk.json */
  readonly command?: string;
  /** The CDK context, besides that of cdk.json and cdk.context.json. @default none */
  readonly context?: Readonly<Record<string, string>>;
  /** @default IAM: requests of anybody, as the development owner */
  readonly authorization?: LocalAuthorization;
}

/**
 * @param outputDirectory is replaced, and returned.
 * @throws Error when there is no CDK app in the folder, or with what the app printed when it fails.
 */
export async function synthesize(outputDirectory: string, options: SynthesizeOptions): Promise<string> {
  const { app, context = {}, authorization = { authorization: 'iam' } } = options;
  const settings = readJson(join(app, 'cdk.json'));
  const command = options.command ?? settings?.app;
  if (typeof command !== 'string') {
    throw new Error(
      `${app} is no CDK app: it has no cdk.json with "app". Change to the folder of your app, or give it with --app DIR.`,
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
      // The Node that runs this program, whatever the machine calls `node`.
      PATH: [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter),
      CDK_OUTDIR: outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify(given),
      // The check of the template by CloudFormation's rules is for deployments, and takes 3 s of CPU time.
      CDK_VALIDATION: 'false',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [printed, status] = await Promise.all([
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
  ]);
  if (status !== 0) throw new Error(`The CDK app could not be synthesized (${command}):\n${printed}`);
  return outputDirectory;
}

function readJson(file: string): Readonly<Record<string, unknown>> | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : undefined;
}
