/** Runs EventBridge schedules: rules with a rate, counted in minutes from the start of the cloud. */
import { randomUUID } from 'node:crypto';
import type { RuleGate } from '../iam/invoke-permissions.ts';
import type { LambdaFunction } from '../lambda/functions.ts';
import { ACCOUNT, arn, REGION } from '../shared/aws-names.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import { createTarget, type Deliver, type TargetProperties } from './rule-targets.ts';

interface RuleProperties {
  readonly ScheduleExpression?: string;
  readonly State?: string;
  readonly Targets?: readonly TargetProperties[];
}

interface Schedule {
  readonly ruleArn: string;
  readonly minutes: number;
  readonly targets: readonly Deliver[];
}

const MINUTE_MS = 60_000;
const UNIT_MINUTES = { minute: 1, hour: 60, day: 24 * 60 } as const;
const RATE = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/;

/** Runs a function each minute. @returns a function that ends it */
export type EachMinute = (run: () => Promise<void>) => () => void;

const byTimer: EachMinute = (run) => {
  const timer = setInterval(() => void run(), MINUTE_MS);
  return () => clearInterval(timer);
};

/** @throws Error at the start, for a schedule that is not a rate, or a target that is not a function */
export function startSchedules(
  template: Template,
  resolve: Resolve,
  functions: ReadonlyMap<string, LambdaFunction>,
  gate: RuleGate,
  eachMinute: EachMinute = byTimer,
): { close(): void } {
  const found = resourcesOf<RuleProperties>(
    template,
    resolve,
    ['AWS::Events::Rule'],
    ['ScheduleExpression', 'State', 'Targets'],
  );
  const schedules = [...found].flatMap(([name, { ScheduleExpression, State, Targets = [] }]): Schedule[] => {
    if (!ScheduleExpression) return [];
    const minutes = minutesOf(name, ScheduleExpression);
    const targets = Targets.map((target) => createTarget(name, target, functions, gate));
    return State === 'DISABLED' ? [] : [{ ruleArn: arn('events', `rule/${name}`), minutes, targets }];
  });

  const running = new Set<Schedule>();
  let minute = 0;
  const close = eachMinute(async () => {
    minute += 1;
    // A run that takes longer than its period does not overlap with the next.
    const due = schedules.filter((one) => minute % one.minutes === 0 && !running.has(one));
    const runs = due.map((schedule) => {
      running.add(schedule);
      return run(schedule).finally(() => running.delete(schedule));
    });
    await Promise.all(runs);
  });
  return { close };
}

function minutesOf(rule: string, expression: string): number {
  const [, count, unit] = RATE.exec(expression) ?? [];
  if (!unit) {
    throw new Error(
      `Rule ${rule} has the schedule ${expression}: use a rate, such as rate(5 minutes), which the local cloud supports.`,
    );
  }
  return Number(count) * UNIT_MINUTES[unit as keyof typeof UNIT_MINUTES];
}

async function run({ ruleArn, targets }: Schedule): Promise<void> {
  const event = {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: ACCOUNT,
    // Whole seconds.
    time: new Date().toISOString().replace(/\.\d+/, ''),
    region: REGION,
    resources: [ruleArn],
    detail: {},
  };
  await Promise.all(targets.map((deliver) => deliver(event)));
}
