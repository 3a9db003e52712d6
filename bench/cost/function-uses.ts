/** Sums what the functions of a stack did, by the lines of a receipt. */
import type { Observer, Template } from './observer.ts';

const DEFAULT_MB = 128;

export interface FunctionUses {
  /** MiB × milliseconds of the functions that run steps, of sandboxes, and of all others. */
  readonly stepMbMs: number;
  readonly sandboxMbMs: number;
  readonly sharedMbMs: number;
  readonly invocations: number;
  /** Those of the functions that run steps, and of sandboxes. */
  readonly stepInvocations: number;
}

export function usesOf(observer: Observer, { Resources }: Template): FunctionUses {
  const byName = new Map(
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
      .map(([id, { Properties = {} }]) => [String(Properties.FunctionName ?? id), Properties]),
  );
  const sums = { stepMbMs: 0, sandboxMbMs: 0, sharedMbMs: 0, invocations: 0, stepInvocations: 0 };
  for (const [name, { invocations, ms }] of observer.functions) {
    const { FunctionName, TenancyConfig, MemorySize = DEFAULT_MB } = byName.get(name) ?? {};
    // Only the functions of operations have a name.
    const kind = TenancyConfig ? 'sandboxMbMs' : FunctionName ? 'stepMbMs' : 'sharedMbMs';
    sums[kind] += ms * Number(MemorySize);
    sums.invocations += invocations;
    if (kind !== 'sharedMbMs') sums.stepInvocations += invocations;
  }
  return sums;
}
