/** Measures functions as Lambda does: by function, and for the account in all. */
import { type Measure, ThrottledError } from '../lambda/functions.ts';
import type { RecordMetric } from './metric-store.ts';

const NAMESPACE = 'AWS/Lambda';

/** Records the concurrent executions of the account. Reservations are left out: the local cloud has no quota of an account. */
export function recordAccountConcurrency(record: RecordMetric, running: number): void {
  record(NAMESPACE, 'ClaimedAccountConcurrency', {}, running);
}

/** @param onRunning receives the number of running invocations, whenever it changes */
export function measureFunctions(record: RecordMetric, onRunning: (count: number) => void): Measure {
  const running = new Map<string, number>();
  let all = 0;

  function change(functionName: string, by: 1 | -1): void {
    const concurrent = (running.get(functionName) ?? 0) + by;
    running.set(functionName, concurrent);
    all += by;
    onRunning(all);
    if (by < 0) return;
    record(NAMESPACE, 'ConcurrentExecutions', { FunctionName: functionName }, concurrent);
    record(NAMESPACE, 'ConcurrentExecutions', {}, all);
    recordAccountConcurrency(record, all);
  }

  return async (functionName, invoke) => {
    const of = (name: string, value: number) => {
      record(NAMESPACE, name, { FunctionName: functionName }, value);
      record(NAMESPACE, name, {}, value);
    };
    const startedAt = performance.now();
    const count = (errors: number) => {
      of('Invocations', 1);
      of('Errors', errors);
      of('Throttles', 0);
      of('Duration', performance.now() - startedAt);
    };
    change(functionName, 1);
    try {
      const result = await invoke();
      count(0);
      return result;
    } catch (error) {
      // A throttled request is no invocation.
      if (error instanceof ThrottledError) of('Throttles', 1);
      else count(1);
      throw error;
    } finally {
      change(functionName, -1);
    }
  };
}
