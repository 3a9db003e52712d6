/** Starts a CDK app on the local cloud: synthesizes it, and runs the stack that contains the service. */

import { type SynthesizeOptions, synthesize } from './cli/synthesize.ts';
import type { LocalCloud, LocalCloudOptions } from './cloud.ts';

/** Outputs of the construct. In an app they begin with its path and end with CDK's hash. */
const OUTPUTS = [
  'McpEndpoint',
  'ConsoleUrl',
  'ApiUrl',
  'EventsTopicArn',
  'DeliveryQueueArn',
  'DeliveryDeadLettersArn',
  'JobsTableName',
  'WorkspaceBucketName',
] as const;

/** Options to synthesize and run an app. */
export interface AppOptions
  extends SynthesizeOptions,
    Omit<LocalCloudOptions, 'assemblyDirectory' | 'isStack'> {
  /** Directory for the assembly. It is replaced. */
  readonly assemblyDirectory: string;
  /** Name of the stack to run, when several contain the service. @default the one that contains it */
  readonly stack?: string;
}

/**
 * Synthesizes and runs an app. Outputs of the service are also available under their short names, such as `McpEndpoint`.
 * @throws Error when the app cannot be synthesized, or not exactly one stack contains the service
 */
export async function startApp(options: AppOptions): Promise<LocalCloud> {
  const { app, command, context, authorization, stack, assemblyDirectory, ...cloudOptions } = options;
  // The local cloud takes a second to load: it loads while the app is synthesized.
  const [{ startLocalCloud }] = await Promise.all([
    import('./cloud.ts'),
    synthesize(assemblyDirectory, { app, command, context, authorization }),
  ]);
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
