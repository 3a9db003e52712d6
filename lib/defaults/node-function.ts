/** Creates a Node.js function with the defaults of all functions: runtime, bundle, logs, tracing and role. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Function as LambdaFunction,
  type FunctionProps as LambdaFunctionProps,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type BundleProps, bundle } from './bundle.ts';
import { dependOnPolicies } from './depend-on-policies.ts';
import { serviceName } from './deployment-name.ts';
import { addAdotLayer, adotEnvironment, functionTracing } from './tracing.ts';

/** The functions that keep jobs moving, and those that callers can fill. */
export type FunctionPurpose =
  | 'authorizer'
  | 'recorder'
  | 'resumer'
  | 'publisher'
  | 'api'
  | 'mcp'
  | 'reports'
  | 'sandbox';

export interface NodeFunctionProps
  extends BundleProps,
    Pick<
      LambdaFunctionProps,
      | 'applicationLogLevelV2'
      | 'currentVersionOptions'
      | 'description'
      | 'environment'
      | 'ephemeralStorageSize'
      | 'functionName'
      | 'layers'
      | 'recursiveLoop'
      | 'reservedConcurrentExecutions'
      | 'retryAttempts'
      | 'securityGroups'
      | 'tenancyConfig'
      | 'vpc'
      | 'vpcSubnets'
    > {
  /** What the function is for, when `reservedConcurrency` may reserve for it. @default nothing is reserved */
  readonly purpose?: FunctionPurpose;
  /** MiB. @default 512 */
  readonly memorySize?: number;
  /** @default 30 s */
  readonly timeout?: Duration;
  /** @default as the service: see `TracingChoice` */
  readonly tracing?: Tracing;
  /** @default Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /** @default a role that may write the function's own log */
  readonly role?: IRole;
}

/** A Node.js function on arm64, bundled with the AWS SDK that was tested with it. */
export class NodeFunction extends LambdaFunction {
  readonly purpose: FunctionPurpose | undefined;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const {
      entry,
      alias,
      packages,
      page,
      catalogue,
      wholeSdk,
      architecture = Architecture.ARM_64,
      purpose,
      tracing = functionTracing(scope),
      ...rest
    } = props;
    const records = tracing === Tracing.ACTIVE;
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Only its own log group: the AWS managed policy for functions allows all of them.
    const role =
      props.role ?? new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    if (role instanceof Role) dependOnPolicies(role);
    logGroup.grantWrite(role);
    if (props.vpc) {
      role.addManagedPolicy(
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole'),
      );
    }
    super(scope, id, {
      memorySize: 512,
      timeout: Duration.seconds(30),
      tracing,
      // Lambda discards lines below it. The logger writes debug lines only before an error: see docs/reference/logs.md.
      applicationLogLevelV2: ApplicationLogLevel.DEBUG,
      ...rest,
      environment: {
        ...(records && adotEnvironment(scope)),
        ...props.environment,
        // A sandbox has no variables, and writes no metrics.
        ...(purpose !== 'sandbox' && { POWERTOOLS_SERVICE_NAME: serviceName(scope) }),
      },
      code: bundle(scope.node, architecture, { entry, alias, packages, page, catalogue, wholeSdk }),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture,
      loggingFormat: LoggingFormat.JSON,
      logGroup,
      role,
    });
    this.purpose = purpose;
    if (records) addAdotLayer(this);
  }
}
