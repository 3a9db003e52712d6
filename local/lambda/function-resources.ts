/** Creates the functions of the template, with their environment on AWS and nothing else of this process. */
import { dirname, join } from 'node:path';
import { credentialVariables } from '../environment.ts';
import type { Faults } from '../faults.ts';
import type { Iam } from '../iam/iam.ts';
import { arn, functionNameOf, qualifiedNameOf } from '../shared/aws-names.ts';
import type { Assembly, Template } from '../template/assembly.ts';
import { NOT_RUN, type Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import { LambdaFunction, type Measure, type FunctionOptions as RunOptions } from './functions.ts';

/** Environment variable that allows a function to call this machine. Only the local cloud sets it. */
const ALLOW_LOOPBACK_WEBHOOKS = 'ALLOW_LOOPBACK_WEBHOOKS';

/** The supported properties of `AWS::Lambda::Function`. */
interface FunctionProperties {
  readonly Code: { readonly S3Key?: string };
  readonly Handler: string;
  readonly Runtime?: string;
  readonly Timeout?: number;
  readonly MemorySize?: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly ReservedConcurrentExecutions?: number;
  readonly TenancyConfig?: { readonly TenantIsolationMode: 'PER_TENANT' };
}

const FUNCTION_PROPERTIES = [
  'Code',
  'Handler',
  'Runtime',
  'Timeout',
  'MemorySize',
  'Environment',
  'ReservedConcurrentExecutions',
  'TenancyConfig',
] as const;

export interface FunctionOptions {
  /** Environment variables that connect AWS SDK clients to the local cloud. */
  readonly awsVariables: Readonly<Record<string, string>>;
  /** Provides the credentials of each function's role. */
  readonly iam: Iam;
  readonly allowLoopbackWebhooks: boolean;
  readonly onLog: (functionName: string, line: string) => void;
  /** @default not called */
  readonly onBilled?: (functionName: string, ms: number) => void;
  readonly faults: Faults;
  /** @default nothing is measured */
  readonly measure?: Measure;
}

interface VersionProperties {
  readonly FunctionName: string;
}

/** Properties of a function with the setting of another resource. */
type Configuration = FunctionProperties & AsyncOptions;
type AsyncOptions = Pick<RunOptions, 'asyncRetries' | 'asyncMaxAgeMs'>;

interface InvokeConfigProperties {
  readonly FunctionName: string;
  readonly Qualifier: string;
  readonly MaximumRetryAttempts?: number;
  readonly MaximumEventAgeInSeconds?: number;
}

/**
 * Reads how functions and versions retry asynchronous invocations: `build` or `build:1`. As on AWS, a setting of a function
 * does not apply to its versions.
 */
function readAsyncOptions(template: Template, resolve: Resolve): ReadonlyMap<string, AsyncOptions> {
  const configs = resourcesOf<InvokeConfigProperties>(
    template,
    resolve,
    ['AWS::Lambda::EventInvokeConfig'],
    ['FunctionName', 'Qualifier', 'MaximumRetryAttempts', 'MaximumEventAgeInSeconds'],
  );
  return new Map(
    [...configs.values()].map(
      ({ FunctionName, Qualifier, MaximumRetryAttempts: retries, MaximumEventAgeInSeconds: age }) => {
        const name = functionNameOf(FunctionName);
        return [
          Qualifier === '$LATEST' ? name : `${name}:${Qualifier}`,
          {
            ...(retries !== undefined && { asyncRetries: retries }),
            ...(age !== undefined && { asyncMaxAgeMs: age * 1_000 }),
          },
        ];
      },
    ),
  );
}

/** The functions of the stack and their published versions. A function that cannot run here fails at each invocation. */
export class DeployedFunctions {
  readonly #options: FunctionOptions;
  readonly #functions = new Map<string, LambdaFunction>();
  /** Properties of each function as JSON, without the directory of its code. */
  readonly #properties = new Map<string, string>();
  readonly #retired: LambdaFunction[] = [];

  constructor(options: FunctionOptions) {
    this.#options = options;
  }

  /** Functions by name, and versions by name and number: `build`, `build:1`. */
  get byName(): ReadonlyMap<string, LambdaFunction> {
    return this.#functions;
  }

  /**
   * Creates, changes and removes functions as CloudFormation does. A published version never changes. It remains until its
   * function is removed.
   * @throws Error for an environment that is too large for Lambda
   */
  update(assembly: Assembly, resolve: Resolve): void {
    const { template } = assembly;
    const type = ['AWS::Lambda::Function'];
    const asyncOptions = readAsyncOptions(template, resolve);
    const found = new Map<string, Configuration>(
      [...resourcesOf<FunctionProperties>(template, resolve, type, FUNCTION_PROPERTIES)].map(
        ([name, properties]) => [name, { ...properties, ...asyncOptions.get(name) }],
      ),
    );
    for (const [name, target] of this.#functions) {
      if (found.has(functionNameOf(name))) continue;
      this.#functions.delete(name);
      this.#properties.delete(name);
      this.#retired.push(target);
      target.retire();
    }
    for (const [name, properties] of found) this.#put(name, properties, assembly);
    const versions = resourcesOf<VersionProperties>(
      template,
      resolve,
      ['AWS::Lambda::Version'],
      ['FunctionName'],
    );
    for (const [versionArn, { FunctionName }] of versions) {
      const ofFunction = found.get(functionNameOf(FunctionName));
      const name = qualifiedNameOf(versionArn);
      if (!ofFunction || this.#functions.has(name)) continue;
      const { asyncRetries: _, asyncMaxAgeMs: _1, ...same } = ofFunction;
      const properties = { ...same, ...asyncOptions.get(name) };
      this.#functions.set(name, new LambdaFunction(optionsOf(name, properties, assembly, this.#options)));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#functions.values(), ...this.#retired].map((target) => target.stop()));
  }

  #put(name: string, properties: Configuration, assembly: Assembly): void {
    const earlier = this.#functions.get(name);
    const json = JSON.stringify(properties);
    if (earlier && this.#properties.get(name) === json) return;
    this.#properties.set(name, json);
    const options = optionsOf(name, properties, assembly, this.#options);
    if (earlier) earlier.update(options);
    else this.#functions.set(name, new LambdaFunction(options));
  }
}

/** @param qualifiedName of a function or of its published version */
function optionsOf(
  qualifiedName: string,
  properties: Configuration,
  assembly: Assembly,
  { awsVariables, iam, allowLoopbackWebhooks, onLog, onBilled, faults, measure }: FunctionOptions,
): RunOptions {
  const {
    Code,
    Handler,
    Runtime,
    Timeout = 3,
    MemorySize = 128,
    Environment,
    TenancyConfig,
    asyncRetries,
    asyncMaxAgeMs,
  } = properties;
  const [name = '', functionVersion = '$LATEST'] = qualifiedName.split(':');
  const codeDirectory = Code.S3Key ? assembly.assetDirectory(Code.S3Key) : '';
  // Only an option of the local cloud allows webhooks to this machine; a template cannot.
  const { [ALLOW_LOOPBACK_WEBHOOKS]: _, ...variables } = Environment?.Variables ?? {};
  checkEnvironment(name, variables);
  const refusal = refusalOf(name, { Code, Runtime, variables });
  return {
    functionName: name,
    functionVersion,
    functionArn: arn('lambda', `function:${qualifiedName}`),
    codeDirectory,
    // In the assembly, so that a new synthesis deletes it with the bundles.
    compileCacheDirectory: join(dirname(codeDirectory), 'compile-cache'),
    handler: Handler,
    timeoutMs: Timeout * 1000,
    memoryMb: MemorySize,
    isolatesTenants: TenancyConfig !== undefined,
    ...(asyncRetries !== undefined && { asyncRetries }),
    ...(asyncMaxAgeMs !== undefined && { asyncMaxAgeMs }),
    reservedConcurrency: properties.ReservedConcurrentExecutions,
    environment: {
      ...machineVariables(),
      ...awsVariables,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
      AWS_LAMBDA_FUNCTION_VERSION: functionVersion,
      LAMBDA_TASK_ROOT: codeDirectory,
      _HANDLER: Handler,
      ...variables,
      ...(allowLoopbackWebhooks && { [ALLOW_LOOPBACK_WEBHOOKS]: 'true' }),
      // Last, so that a template cannot change the credentials of a function.
      ...credentialVariables(iam.sessionOf(arn('lambda', `function:${name}`)).credentials),
    },
    onLine: (line) => onLog(name, line),
    ...(onBilled && { onBilled: (ms: number) => onBilled(name, ms) }),
    ...(refusal !== undefined && { refusal }),
    faults,
    ...(measure && { measure }),
  };
}

/** Lambda's limit for all variables of a function together, as JSON. */
const MAX_ENVIRONMENT_BYTES = 4 * 1024;

/** @throws Error when a deploy to AWS would fail */
function checkEnvironment(name: string, variables: Readonly<Record<string, string>>): void {
  const bytes = Buffer.byteLength(JSON.stringify(variables));
  if (bytes <= MAX_ENVIRONMENT_BYTES) return;
  throw new Error(
    `Function ${name} has ${bytes} bytes of environment variables; the limit of Lambda is ${MAX_ENVIRONMENT_BYTES}. Use fewer or shorter ones.`,
  );
}

/** Returns why a function cannot run here, with the remedy; undefined when it can. */
function refusalOf(
  name: string,
  {
    Code,
    Runtime = '',
    variables,
  }: Pick<FunctionProperties, 'Code' | 'Runtime'> & { readonly variables: Readonly<Record<string, string>> },
): string | undefined {
  if (!Code.S3Key) return `Function ${name} has inline code or an image: use a directory asset.`;
  if (Runtime !== '' && !Runtime.startsWith('nodejs')) {
    return `Function ${name} has the runtime ${Runtime}: use Node.js, which the local cloud supports.`;
  }
  for (const [variable, value] of Object.entries(variables)) {
    const [, missing] = NOT_RUN.exec(value) ?? [];
    if (missing === undefined) continue;
    return `Function ${name} needs ${missing} (in ${variable}), which the local cloud does not run: give a value with --stand-in ${missing}=VALUE.`;
  }
  return undefined;
}

/**
 * Returns where programs are, as on Lambda, and how to reach the network. Functions get nothing else of this process's
 * environment: Lambda sets no HOME, and finds none of the developer's programs.
 */
function machineVariables(): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: [dirname(process.execPath), ...LAMBDA_PATH].join(':'), ...Object.fromEntries(inherited) };
}

/** Lambda's PATH, behind the directory of its Node.js. */
const LAMBDA_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/bin'];

/** Variables that tell programs how to reach the network: proxies, certificates, the package registry. */
const NETWORK_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_registry',
] as const;

// Windows has other paths, and starts no program without its SystemRoot.
const INHERITED = [...(process.platform === 'win32' ? ['PATH', 'SystemRoot'] : []), ...NETWORK_VARIABLES];
