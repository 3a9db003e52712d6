/** Measures functions as Lambda does: by function, and for the account in all. */
import { type Measure, ThrottledError } from '../lambda/functions.ts';
import type { RecordMetric } from './metric-store.ts';

const NAMESPACE = 'AWS/Lambda';

export function measureFunctions(record: RecordMetric): Measure {
  const running = new Map<string, number>();
  let all = 0;

  function begin(functionName: string, change: 1 | -1): void {
    const concurrent = (running.get(functionName) ?? 0) + change;
    running.set(functionName, concurrent);
    all += change;
    if (change < 0) return;
    record(NAMESPACE, 'ConcurrentExecutions', { FunctionName: functionName }, concurrent);
    record(NAMESPACE, 'ConcurrentExecutions', {}, all);
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
    begin(functionName, 1);
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
      begin(functionName, -1);
    }
  };
}
