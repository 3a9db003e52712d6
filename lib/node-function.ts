/** The defaults of every function here: runtime, bundle, logs, tracing. */
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import {
  type BundlingOptions,
  NodejsFunction,
  type NodejsFunctionProps,
  OutputFormat,
} from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

const ALIAS = { '@aws-sdk/credential-provider-node': `${repositoryRoot}lambdas/shared/credentials.ts` };

export interface NodeFunctionProps
  extends Pick<NodejsFunctionProps, 'description' | 'ephemeralStorageSize' | 'tenancyConfig'> {
  /** The `*.lambda.ts` file; its `handler` export is called. */
  readonly entry: string;
  /** @default 512 MiB */
  readonly memorySize?: number;
  /** @default 30 s */
  readonly timeout?: Duration;
  /** @default Tracing.ACTIVE */
  readonly tracing?: Tracing;
  /** Modules to take in place of others, by import specifier. @default none */
  readonly alias?: Readonly<Record<string, string>>;
  /** Runs in the directory of the finished bundle. @default none */
  readonly commandHooks?: BundlingOptions['commandHooks'];
}

/** A Node.js function on arm64, bundled with the AWS SDK that was tested with it. */
export class NodeFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const { alias = {}, commandHooks, ...rest } = props;
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Its own log and no other: AWS's managed policy for functions allows them all.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      memorySize: 512,
      timeout: Duration.seconds(30),
      tracing: Tracing.ACTIVE,
      ...rest,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      loggingFormat: LoggingFormat.JSON,
      logGroup,
      role,
      projectRoot: repositoryRoot,
      depsLockFilePath: `${repositoryRoot}package-lock.json`,
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        // The AWS SDK's ES modules, not its CommonJS build: a quarter smaller, since unused code is left out.
        mainFields: ['module', 'main'],
        minify: true,
        // Everything, the AWS SDK too: what was tested is what runs, and one file imports faster than many.
        externalModules: [],
        banner: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);',
        esbuildArgs: Object.fromEntries(
          Object.entries({ ...ALIAS, ...alias }).map(([from, to]) => [`--alias:${from}`, to]),
        ),
        ...(commandHooks && { commandHooks }),
      },
    });
  }
}
