/** The functions of the template, each with the environment that it would have on AWS and with nothing of this process. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Env, NETWORK_VARIABLES } from '../lambdas/shared/env.ts';
import type { Assembly } from './assembly.ts';
import { arn } from './aws-names.ts';
import { credentialVariables } from './environment.ts';
import { LambdaFunction } from './functions.ts';
import type { Iam } from './iam/iam.ts';
import type { Resolve } from './intrinsics.ts';
import { resourcesOf } from './stack-resources.ts';

/** Properties of `AWS::Lambda::Function` that mean something here. */
interface FunctionProperties {
  readonly Code: { readonly S3Key?: string };
  readonly Handler: string;
  readonly Timeout?: number;
  readonly MemorySize?: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly TenancyConfig?: { readonly TenantIsolationMode: 'PER_TENANT' };
}

const FUNCTION_PROPERTIES = [
  'Code',
  'Handler',
  'Timeout',
  'MemorySize',
  'Environment',
  'TenancyConfig',
] as const;

export interface FunctionOptions {
  /** What leads AWS SDK clients to the local cloud. */
  readonly awsVariables: Readonly<Record<string, string>>;
  /** Knows the credentials of each function's role. */
  readonly iam: Iam;
  readonly allowLoopbackWebhooks: boolean;
  readonly onLog: (functionName: string, line: string) => void;
}

/** @returns by name. @throws Error for code that is not an asset of the assembly. */
export function createFunctions(
  assembly: Assembly,
  resolve: Resolve,
  options: FunctionOptions,
): Map<string, LambdaFunction> {
  const found = resourcesOf<FunctionProperties>(
    assembly.template,
    resolve,
    ['AWS::Lambda::Function'],
    FUNCTION_PROPERTIES,
  );
  return new Map(
    [...found].map(([name, properties]) => [name, createFunction(name, properties, assembly, options)]),
  );
}

function createFunction(
  name: string,
  { Code, Handler, Timeout = 3, MemorySize = 128, Environment, TenancyConfig }: FunctionProperties,
  assembly: Assembly,
  { awsVariables, iam, allowLoopbackWebhooks, onLog }: FunctionOptions,
): LambdaFunction {
  if (!Code.S3Key)
    throw new Error(`Function ${name} has inline code or an image: give it a directory asset.`);
  const codeDirectory = assembly.assetDirectory(Code.S3Key);
  // Whoever starts the local cloud says whether webhooks may reach this machine; a template cannot.
  const { [Env.allowLoopbackWebhooks]: _, ...variables } = Environment?.Variables ?? {};
  const functionArn = arn('lambda', `function:${name}`);
  return new LambdaFunction({
    functionName: name,
    functionArn,
    codeDirectory,
    // In the assembly: a new synthesis deletes it with the bundles.
    compileCacheDirectory: join(dirname(codeDirectory), 'compile-cache'),
    handler: Handler,
    timeoutMs: Timeout * 1000,
    memoryMb: MemorySize,
    isolatesTenants: TenancyConfig !== undefined,
    environment: {
      ...machineVariables(),
      ...awsVariables,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      LAMBDA_TASK_ROOT: codeDirectory,
      _HANDLER: Handler,
      ...variables,
      ...(allowLoopbackWebhooks && { [Env.allowLoopbackWebhooks]: 'true' }),
      // Last: whatever the template says, a function is nobody but itself.
      ...credentialVariables(iam.sessionOf(functionArn).credentials),
    },
    onLine: (line) => onLog(name, line),
  });
}

/**
 * The little that programs need of the machine: where things are, and how it reaches the network. The rest of this
 * process's environment is none of their business.
 */
function machineVariables(): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { HOME: homedir(), ...Object.fromEntries(inherited) };
}

// Windows starts no program without its SystemRoot.
const INHERITED = ['PATH', 'SystemRoot', ...NETWORK_VARIABLES];
