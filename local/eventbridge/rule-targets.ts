/** Delivers events of EventBridge rules to functions, which Lambda invokes asynchronously. */

import type { RuleGate } from '../iam/invoke-permissions.ts';
import type { LambdaFunction } from '../lambda/functions.ts';
import { functionNameOf } from '../shared/aws-names.ts';

export interface TargetProperties {
  readonly Arn: string;
  /** JSON text that the target gets instead of the event. */
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: object;
}

/** Delivers the event to one target. Resolves after success or the last attempt. */
export type Deliver = (event: object) => Promise<void>;

/** @throws Error for a target that is not a function, or that gets only a part of the event */
export function createTarget(
  rule: string,
  { Arn, Input, InputPath, InputTransformer }: TargetProperties,
  functions: ReadonlyMap<string, LambdaFunction>,
  gate: RuleGate,
): Deliver {
  const functionName = functionNameOf(Arn);
  const target = functions.get(functionName);
  if (!target)
    throw new Error(`Rule ${rule} has the target ${Arn}: use a function, which the local cloud supports.`);
  if (InputPath || InputTransformer) {
    throw new Error(`Rule ${rule} sends ${Arn} a part of the event: send the whole event, or a fixed Input.`);
  }
  return async (event) => {
    if (gate(rule, functionName)) await target.invokeAsync(Input ?? JSON.stringify(event));
  };
}
