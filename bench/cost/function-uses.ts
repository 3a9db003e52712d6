/** Sums what the functions of a stack did, by the lines of a receipt. */
import { MB_MS_OF_GB_SECOND } from '../../lambdas/shared/function-memory.ts';
import type { Observer, Template } from './observer.ts';

const DEFAULT_MB = 128;
const FREE_STORAGE_MB = 512;
const GB = 1_024 ** 3;
/** The lines that Lambda itself logs for an invocation: START and REPORT, as JSON. */
const PLATFORM_LOG_BYTES = 600;

export interface FunctionUses {
  /** Of the functions that run steps, of sandboxes, and of all others. */
  readonly stepGbSeconds: number;
  readonly sandboxGbSeconds: number;
  readonly sharedGbSeconds: number;
  /** Of temporary storage above 512 MB. */
  readonly storageGbSeconds: number;
  /** Of all functions, with the lines of Lambda itself. */
  readonly logGb: number;
  readonly invocations: number;
  /** Those of the functions that run steps, and of sandboxes. */
  readonly stepInvocations: number;
  /** Reports of sandboxes: requests to the API. */
  readonly reports: number;
  /** Of the function that takes them: a part of `sharedGbSeconds`. */
  readonly reportGbSeconds: number;
}

export function usesOf(observer: Observer, { Resources }: Template): FunctionUses {
  const byName = new Map(
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
      .map(([id, { Properties = {} }]) => [String(Properties.FunctionName ?? id), Properties]),
  );
  // Only the functions of operations have a name. Those of other memory sizes have none, but share the role.
  const stepRoles = new Set(
    [...byName.values()].filter(({ FunctionName }) => FunctionName).map(({ Role }) => JSON.stringify(Role)),
  );
  const sums = {
    stepGbSeconds: 0,
    sandboxGbSeconds: 0,
    sharedGbSeconds: 0,
    storageGbSeconds: 0,
    invocations: 0,
    stepInvocations: 0,
    reports: 0,
    reportGbSeconds: 0,
  };
  for (const [name, { invocations, ms }] of observer.functions) {
    const {
      Description = '',
      EphemeralStorage,
      FunctionName,
      Role,
      TenancyConfig,
      MemorySize = DEFAULT_MB,
    } = byName.get(name) ?? {};
    const runsSteps = FunctionName !== undefined || stepRoles.has(JSON.stringify(Role));
    const kind = TenancyConfig ? 'sandboxGbSeconds' : runsSteps ? 'stepGbSeconds' : 'sharedGbSeconds';
    const gbSeconds = (ms * Number(MemorySize)) / MB_MS_OF_GB_SECOND;
    sums[kind] += gbSeconds;
    const { Size = FREE_STORAGE_MB } = (EphemeralStorage ?? {}) as { readonly Size?: number };
    sums.storageGbSeconds += (ms * (Size - FREE_STORAGE_MB)) / MB_MS_OF_GB_SECOND;
    sums.invocations += invocations;
    if (kind !== 'sharedGbSeconds') sums.stepInvocations += invocations;
    if (String(Description).startsWith('Takes the reports')) {
      sums.reports += invocations;
      sums.reportGbSeconds += gbSeconds;
    }
  }
  return { ...sums, logGb: (observer.logBytes + sums.invocations * PLATFORM_LOG_BYTES) / GB };
}
