/** Runs EventBridge: delivers events to the targets of matching rules. */

import type { RuleGate } from '../iam/invoke-permissions.ts';
import type { LambdaFunction } from '../lambda/functions.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import { checkPattern, type EventPattern, matches } from './event-pattern.ts';
import { createTarget, type TargetProperties } from './rule-targets.ts';

export interface AwsEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface RuleProperties {
  readonly EventPattern?: EventPattern;
  readonly State?: string;
  readonly Targets?: readonly TargetProperties[];
}

/** EventBridge's default quota. */
const MAX_PATTERN_CHARACTERS = 2_048;

/** @throws Error for a pattern that is too long or not supported here, or a target that is not a function */
export function createEventRules(
  template: Template,
  resolve: Resolve,
  functions: ReadonlyMap<string, LambdaFunction>,
  gate: RuleGate,
): (event: AwsEvent) => Promise<void> {
  const found = resourcesOf<RuleProperties>(
    template,
    resolve,
    ['AWS::Events::Rule'],
    ['EventPattern', 'State', 'Targets'],
  );
  const rules = [...found].flatMap(([name, { EventPattern, State, Targets = [] }]) => {
    // The rule has only a schedule.
    if (!EventPattern) return [];
    checkPattern(`Rule ${name}`, EventPattern);
    checkLength(name, EventPattern);
    const targets = Targets.map((target) => createTarget(name, target, functions, gate));
    return State === 'DISABLED' ? [] : { pattern: EventPattern, targets };
  });
  return async (event) => {
    const targets = rules.flatMap(({ pattern, targets }) => (matches(pattern, event) ? targets : []));
    await Promise.all(targets.map((deliver) => deliver(event)));
  };
}

/** @throws Error when a deploy to AWS would fail */
function checkLength(name: string, pattern: EventPattern): void {
  const { length } = JSON.stringify(pattern);
  if (length <= MAX_PATTERN_CHARACTERS) return;
  throw new Error(
    `Rule ${name} has an event pattern of ${length} characters; the limit of EventBridge is ${MAX_PATTERN_CHARACTERS}. Shorten it.`,
  );
}
