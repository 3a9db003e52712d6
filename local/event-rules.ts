/** EventBridge: hands the cloud's own events to the functions of the rules that match them. */
import type { Template } from './assembly.ts';
import { functionNameOf } from './aws-names.ts';
import { checkPattern, type EventPattern, matches } from './event-pattern.ts';
import type { LambdaFunction } from './functions.ts';
import type { Resolve } from './intrinsics.ts';
import { resourcesOf } from './stack-resources.ts';

export interface AwsEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface RuleProperties {
  readonly EventPattern: EventPattern;
  readonly Targets: readonly { readonly Arn: string }[];
}

/** Like Lambda's own for events: the first try and two more. */
const ATTEMPTS = 3;

/** @throws Error for a rule on a schedule, a pattern that cannot be matched here, or a target that is no function. */
export function createEventRules(
  template: Template,
  resolve: Resolve,
  functions: ReadonlyMap<string, LambdaFunction>,
): (event: AwsEvent) => Promise<void> {
  const rules = [
    ...resourcesOf<RuleProperties>(template, resolve, ['AWS::Events::Rule'], ['EventPattern', 'Targets']),
  ].map(([name, { EventPattern, Targets }]) => {
    checkPattern(`Rule ${name}`, EventPattern);
    return { pattern: EventPattern, targets: Targets.map(({ Arn }) => targetOf(name, Arn, functions)) };
  });
  return async (event) => {
    const payload = JSON.stringify(event);
    const targets = rules.flatMap(({ pattern, targets }) => (matches(pattern, event) ? targets : []));
    await Promise.all(targets.map((target) => deliver(target, payload)));
  };
}

function targetOf(
  rule: string,
  targetArn: string,
  functions: ReadonlyMap<string, LambdaFunction>,
): LambdaFunction {
  const target = functions.get(functionNameOf(targetArn));
  if (!target)
    throw new Error(`Rule ${rule} has the target ${targetArn}: the local cloud has functions only.`);
  return target;
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
