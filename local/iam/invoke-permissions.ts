/** Reads `AWS::Lambda::Permission`, which lets API Gateway and EventBridge invoke functions. */

import { ACCOUNT, arn, functionNameOf } from '../shared/aws-names.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { type Matches, wildcard } from './wildcards.ts';

export type InvokingService = 'apigateway.amazonaws.com' | 'events.amazonaws.com';

/** @param sourceArn of the method, authorizer or rule for which the service acts */
export type MayInvoke = (service: InvokingService, sourceArn: string, functionName: string) => boolean;

interface PermissionProperties {
  readonly Action: string;
  readonly FunctionName: string;
  readonly Principal: string;
  readonly SourceAccount?: string;
  readonly SourceArn?: string;
}

const KNOWN = new Set(['Action', 'FunctionName', 'Principal', 'SourceAccount', 'SourceArn']);

interface Permission extends PermissionProperties {
  readonly coversAction: Matches;
  readonly coversSource: Matches;
}

/** @throws Error for a permission with a condition that the local cloud does not support */
export function createInvokePermissions(template: Template, resolve: Resolve): MayInvoke {
  const permissions = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Permission')
    .map(([logicalId, { Properties }]) =>
      readPermission(logicalId, resolve(Properties) as PermissionProperties),
    );
  return (service, sourceArn, functionName) =>
    permissions.some(
      ({ Principal, FunctionName, SourceAccount = ACCOUNT, coversAction, coversSource }) =>
        Principal === service &&
        functionNameOf(FunctionName) === functionName &&
        SourceAccount === ACCOUNT &&
        coversAction('lambda:InvokeFunction') &&
        coversSource(sourceArn),
    );
}

function readPermission(logicalId: string, properties: PermissionProperties): Permission {
  const unknown = Object.keys(properties).find((name) => !KNOWN.has(name));
  if (unknown) {
    throw new Error(
      `Permission ${logicalId} has ${unknown}, which the local cloud does not support: remove it.`,
    );
  }
  return {
    ...properties,
    coversAction: wildcard(properties.Action, 'i'),
    coversSource: wildcard(properties.SourceArn ?? '*'),
  };
}

/** Returns whether a rule may invoke a function. Writes a denial to the function's log. */
export type RuleGate = (rule: string, functionName: string) => boolean;

export function createRuleGate(
  mayInvoke: MayInvoke,
  onLog: (functionName: string, line: string) => void,
): RuleGate {
  return (rule, functionName) => {
    if (mayInvoke('events.amazonaws.com', arn('events', `rule/${rule}`), functionName)) return true;
    onLog(
      functionName,
      `Rule ${rule} may not invoke ${functionName}: give the function an AWS::Lambda::Permission for events.amazonaws.com.`,
    );
    return false;
  };
}
