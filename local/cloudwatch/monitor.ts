/** Connects CloudWatch to a running cloud: its alarms, and the queues that it measures each minute. */
import type { StorageServer } from '../storage/storage.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import { checkMonitoring } from './check-resources.ts';
import type { CloudWatch } from './cloudwatch.ts';
import { recordQueue } from './service-metrics.ts';

/** @throws Error for an alarm, dashboard or query that CloudWatch refuses, or that the local cloud cannot evaluate */
export function monitor(
  cloudWatch: CloudWatch,
  template: Template,
  resolve: Resolve,
  storage: StorageServer,
): void {
  cloudWatch.readAlarms(template, resolve);
  checkMonitoring(template, resolve);
  const queues = [...resourcesOf(template, resolve, ['AWS::SQS::Queue'], []).keys()];
  const names = queues.map((url) => url.split('/').at(-1) ?? '');
  cloudWatch.measureEachMinute(() => {
    for (const name of names) {
      const state = storage.queueState(name);
      if (state) recordQueue(cloudWatch.record, cloudWatch.clock, name, state);
    }
  });
}
