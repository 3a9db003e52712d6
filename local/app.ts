/** Starts a CDK app on the local cloud: synthesizes it, and runs the stack that has the service. */

import { type SynthesizeOptions, synthesize } from './cli/synthesize.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';

/** Outputs of the construct: in an app they begin with its path and end with CDK's hash. */
const OUTPUTS = [
  'McpEndpoint',
  'ApiUrl',
  'EventsTopicArn',
  'DeliveryQueueArn',
  'DeliveryDeadLettersArn',
  'JobsTableName',
  'WorkspaceBucketName',
] as const;

export interface AppOptions
  extends SynthesizeOptions,
    Omit<LocalCloudOptions, 'assemblyDirectory' | 'isStack'> {
  /** Where the assembly is written; replaced. */
  readonly assemblyDirectory: string;
  /** Name of the stack to run, when several have the service. @default the one that has it */
  readonly stack?: string;
}

/**
 * @throws Error when the app cannot be synthesized, or no stack of it, or more than one, has the service
 */
export async function startApp(options: AppOptions): Promise<LocalCloud> {
  const { app, command, context, authorization, stack, assemblyDirectory, ...cloudOptions } = options;
  await synthesize(assemblyDirectory, { app, command, context, authorization });
  const cloud = await startLocalCloud({
    ...cloudOptions,
    assemblyDirectory,
    isStack: (name, outputs) => (stack === undefined ? outputs.some(isEndpoint) : name === stack),
  });
  const { outputs } = cloud;
  const ofService = OUTPUTS.flatMap((name) => {
    const id = Object.keys(outputs).find((one) => patternOf(name).test(one));
    return id === undefined ? [] : [[name, outputs[id] ?? ''] as const];
  });
  return { ...cloud, outputs: { ...outputs, ...Object.fromEntries(ofService) } };
}

function isEndpoint(output: string): boolean {
  return patternOf('McpEndpoint').test(output);
}

function patternOf(name: string): RegExp {
  return new RegExp(`${name}([0-9A-F]{8})?$`);
}
