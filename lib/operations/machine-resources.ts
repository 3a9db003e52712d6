/**
 * Creates the role and the log group that all state machines of the stack share. State machines contain no code of an operation,
 * and a stack has room for 500 resources.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { CompactRole } from '../defaults/compact-role.ts';
import { deploymentName } from '../defaults/deployment-name.ts';
import { isTraced } from '../defaults/tracing.ts';
import type { OperationNames } from './operation-names.ts';

export interface MachineResourcesProps {
  readonly names: OperationNames;
  /** State machines invoke it when a step cannot record its own failure. */
  readonly failureRecorder: LambdaFunction;
}

/** X-Ray has no resources to name. */
const TRACES = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
];
/** The delivery of logs of state machines has no resources to name. */
const LOGS = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];

/** The role and the log group of state machines. */
export class MachineResources extends Construct {
  readonly logGroup: LogGroup;
  readonly #role: CompactRole;
  readonly #invokable: readonly string[];

  constructor(scope: Construct, id: string, { names, failureRecorder }: MachineResourcesProps) {
    super(scope, id);
    this.#invokable = [names.functionVersionArns, failureRecorder.functionArn];
    this.#role = this.createRole(this);
    this.logGroup = new LogGroup(this, 'Log', {
      // For each group with another prefix, Step Functions adds its name to a resource policy of at most 5,120 characters.
      logGroupName: `/aws/vendedlogs/states/${deploymentName(scope)}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** Returns the role that state machines share. @param functions without the common name, which it may invoke too */
  sharedRole(functions: readonly LambdaFunction[]): CompactRole {
    if (functions.length > 0) grantInvoke(this.#role, versionsOf(functions));
    return this.#role;
  }

  /** Creates a role for a state machine with further permissions, such as the credentials of connections. */
  createRole(scope: Construct, functions: readonly LambdaFunction[] = []): CompactRole {
    const role = new CompactRole(scope, 'Role', 'states.amazonaws.com');
    grantInvoke(role, [...this.#invokable, ...versionsOf(functions)]);
    const actions = isTraced(this) ? [...TRACES, ...LOGS] : LOGS;
    role.allow(new PolicyStatement({ actions, resources: ['*'] }));
    // Each task would add the version of this deploy. The role has all versions.
    role.freeze();
    return role;
  }
}

function versionsOf(functions: readonly LambdaFunction[]): readonly string[] {
  return functions.map(({ functionArn }) => `${functionArn}:*`);
}

/** Includes versions of earlier deploys, which running executions invoke. */
function grantInvoke(role: CompactRole, resources: readonly string[]): void {
  role.allow(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [...resources] }));
}
