/** Measures three workloads: a build, a small job and a minute's wait. The comparison and the limits of the bench share them. */
import { join } from 'node:path';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { LONGEST_CALL_MS, type StepsOperation } from '../../lambdas/definition/operation-definition.ts';
import { build } from '../../lambdas/operations/build/operation.ts';
import { type PricedLine, priceQuantities, type Quantities } from '../../lambdas/receipt/price-lines.ts';
import { addQuantities } from './extrapolate.ts';
import { modelOf, totalOf } from './model.ts';

export interface Workload {
  readonly name: string;
  /** What one of it is. */
  readonly words: string;
  readonly quantities: Quantities;
  /** The part of the calls of clients: start, polls and waits. */
  readonly calls: Quantities;
  /** Steps and time of all of them, 0 for a wait. */
  readonly steps: number;
  readonly seconds: number;
}

const SMALL_SECONDS = 2;
const BUILD_MINUTES = 2;
const BUILD_POLLS = 12;
const MINUTE_SECONDS = 60;

const small = defineOperation({
  name: 'small',
  description: 'Has one step without a sandbox, with the default memory.',
  input: z.object({}),
  output: z.object({}),
  steps: { work: {} },
});

/** @param scratch an existing directory */
export async function measureWorkloads(scratch: string): Promise<readonly Workload[]> {
  const ofBuild = await modelOf(
    {
      operation: build as unknown as StepsOperation,
      minutes: BUILD_MINUTES,
      webhooks: 1,
      questions: 0,
      logLines: 0,
    },
    join(scratch, 'build'),
  );
  const ofSmall = await modelOf(
    {
      operation: small as unknown as StepsOperation,
      minutes: SMALL_SECONDS / 60,
      waits: true,
      webhooks: 0,
      questions: 0,
      logLines: 0,
    },
    join(scratch, 'small'),
  );
  const wait = addQuantities([
    [ofSmall.waitedSecond ?? {}, MINUTE_SECONDS],
    // A call waits 50 s at most.
    [ofSmall.poll, (MINUTE_SECONDS * 1_000) / LONGEST_CALL_MS],
  ]);
  return [
    {
      name: 'build',
      words: `a build of ${BUILD_MINUTES} minutes in four sandboxed steps, ${BUILD_POLLS} polls, one webhook`,
      quantities: totalOf(ofBuild, { polls: BUILD_POLLS }),
      calls: addQuantities([[ofBuild.poll, 1 + BUILD_POLLS]]),
      steps: Object.keys(build.steps).length,
      seconds: BUILD_MINUTES * 60,
    },
    {
      name: 'small job',
      words: `a job of one step of ${SMALL_SECONDS} s with 512 MiB, one poll`,
      quantities: totalOf(ofSmall, { polls: 1 }),
      calls: addQuantities([[ofSmall.poll, 2]]),
      steps: 1,
      seconds: SMALL_SECONDS,
    },
    {
      name: 'wait',
      words: 'a minute in which calls wait for a job',
      quantities: wait,
      calls: wait,
      steps: 0,
      seconds: 0,
    },
  ];
}

export interface PricedWorkload extends Workload {
  /** US dollars of one. */
  readonly usd: number;
  /** US dollars of the functions that run the code of its steps. */
  readonly codeUsd: number;
  readonly callsUsd: number;
  readonly lines: readonly PricedLine[];
}

export function priceWorkload(workload: Workload, region: string): PricedWorkload {
  const { lines, total } = priceQuantities(workload.quantities, region);
  const usdOf = (name: keyof Quantities) => lines.find((line) => line.name === name)?.usd ?? 0;
  // Beside a sandbox, the function of the steps starts and ends them.
  const codeUsd = (usdOf('sandboxGbSeconds') || usdOf('stepGbSeconds')) + usdOf('storageGbSeconds');
  return {
    ...workload,
    usd: total,
    codeUsd,
    callsUsd: priceQuantities(workload.calls, region).total,
    lines,
  };
}
