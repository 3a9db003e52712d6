/** Where EventBridge rules send what they match or are due for: functions, and tries when they fail. */

import type { RuleGate } from '../iam/invoke-permissions.ts';
import type { LambdaFunction } from '../lambda/functions.ts';
import { functionNameOf } from '../shared/aws-names.ts';

export interface TargetProperties {
  readonly Arn: string;
  /** JSON text that the target gets in the event's place. */
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: object;
}

/** Hands the event to one target, and resolves when that is over, however it ended. */
export type Deliver = (event: object) => Promise<void>;

/** Like Lambda's own for events: the first try and two more. */
const ATTEMPTS = 3;

/** @throws Error for a target that is no function, or wants a part of the event */
export function createTarget(
  rule: string,
  { Arn, Input, InputPath, InputTransformer }: TargetProperties,
  functions: ReadonlyMap<string, LambdaFunction>,
  gate: RuleGate,
): Deliver {
  const functionName = functionNameOf(Arn);
  const target = functions.get(functionName);
  if (!target) throw new Error(`Rule ${rule} has the target ${Arn}: the local cloud has functions only.`);
  if (InputPath || InputTransformer) {
    throw new Error(
      `Rule ${rule} gives ${Arn} a part of the event: the local cloud gives all of it, or a fixed Input.`,
    );
  }
  return async (event) => {
    if (gate(rule, functionName)) await deliver(target, Input ?? JSON.stringify(event));
  };
}

/** A function that fails every time has logged why; EventBridge, too, drops the event then. */
async function deliver(target: LambdaFunction, payload: string): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      await target.invoke(payload);
      return;
    } catch {
      // Tried again.
    }
  }
}
