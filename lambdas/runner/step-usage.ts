/** Measures what an invocation of a step function uses, for the record of its job. */
import { performance } from 'node:perf_hooks';
import type { FinishedStep } from '../definition/finished-step.ts';
import { type StepsOperation, stepMemoryMb } from '../definition/operation-definition.ts';
import type { Job } from '../jobs/job.ts';
import { Env } from '../shared/env.ts';
import { countedUse, countingUse, sumUsage, type Usage } from '../shared/usage.ts';

/**
 * From the write of the record to the end of the invocation: the log is removed and the response sent. Measured on the local cloud;
 * Lambda bills it too.
 */
const AFTER_WRITE_MS = 5;
/** Lambda bills the init phase of a cold start, 10 s at most. */
const MAX_INIT_MS = 10_000;

let isCold = true;

/** Measures an invocation from its begin. */
export class UsageMeter {
  readonly #beganMs: number;

  constructor() {
    const now = performance.now();
    // An instance starts for its first invocation, unless it was started ahead.
    this.#beganMs = isCold && now < MAX_INIT_MS ? 0 : now;
    isCold = false;
  }

  /** Returns what the invocation has used, until the write that has it. */
  used(): Usage {
    const ms = performance.now() - this.#beganMs + AFTER_WRITE_MS;
    return sumUsage([countedUse(), { invocations: 1, mbMs: Math.ceil(ms) * functionMemoryMb() }]);
  }
}

/** Runs a handler that can count what it uses. */
export function metered<T>(run: (meter: UsageMeter) => T): T {
  return countingUse(() => run(new UsageMeter()));
}

/** @returns MiB; 0 outside of Lambda */
function functionMemoryMb(): number {
  return Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 0);
}

type StepFunction = NonNullable<Job['stepFunction']>;

/** @returns the memory of the sandbox in MiB, by step when the steps differ */
export function sandboxMbOf(operation: StepsOperation): StepFunction['sandboxMb'] {
  const byStep = Object.keys(operation.steps).map((step) => [step, stepMemoryMb(operation, step)] as const);
  const [size, ...others] = new Set(byStep.map(([, memoryMb]) => memoryMb));
  return others.length === 0 ? size : Object.fromEntries(byStep);
}

/** @param sandboxMb memory of the sandbox in MiB. @default no sandbox */
export function stepFunction(sandboxMb?: StepFunction['sandboxMb']): StepFunction {
  return {
    memoryMb: functionMemoryMb(),
    ...(sandboxMb !== undefined && { sandboxMb }),
    ...(process.env[Env.architecture] === 'x86_64' && { isX86: true }),
  };
}

/** @returns what the finished steps of the execution used, each in its last attempt */
export function usageOf(finished: Readonly<Record<string, FinishedStep>>): Usage {
  return sumUsage(Object.values(finished).map(({ used }) => used));
}
