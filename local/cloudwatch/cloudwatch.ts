/** Runs CloudWatch for drills: gathers metrics, and evaluates the alarms of the template at the end of each minute. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EachMinute } from '../eventbridge/schedules.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { AlarmClock } from './alarm-clock.ts';
import { ALARM_PROPERTIES, type Alarm, type AlarmProperties, readAlarm } from './alarm-properties.ts';
import { type AlarmChange, Alarms, type AlarmView } from './alarms.ts';
import { COMPOSITE_PROPERTIES, readCompositeAlarm } from './composite-alarm.ts';
import { readEmbeddedMetrics } from './embedded-metrics.ts';
import { recordAccountConcurrency } from './function-metrics.ts';
import { type MetricId, MetricStore, MINUTE_MS, type RecordMetric } from './metric-store.ts';

/** The longest wait for what is scheduled, in milliseconds of the machine: a function may hang. */
const LONGEST_MINUTE_MS = 5_000;

/** Streams and queues invoke the next function well within this time. */
const QUIET_MS = 50;

/** 2026-01-01: drills show times since then. */
const START_MS = Date.UTC(2026, 0, 1);

/**
 * The metrics and alarms of one local cloud. Give it to `startLocalCloud`. Its minutes end only when `endMinute` is called, and
 * then the schedules of the cloud run too: hours of alarms take seconds.
 */
export class CloudWatch {
  readonly clock = new AlarmClock(START_MS);
  readonly #store = new MetricStore();
  readonly #schedules = new Set<() => Promise<void>>();
  readonly #gauges: (() => Promise<void> | void)[] = [];
  readonly #malformed = new Set<string>();
  #running = 0;
  #changedAt = 0;
  #alarms = new Alarms([], [], this.#store);

  record: RecordMetric = (namespace, name, dimensions, value) =>
    this.#store.add({ namespace, name, dimensions }, value, this.clock.nowMs);

  /** Reads the metrics of a line that a function logged. They count at once, whatever their timestamp. */
  readLine(line: string): void {
    try {
      for (const { value, ...metric } of readEmbeddedMetrics(line))
        this.#store.add(metric, value, this.clock.nowMs);
    } catch (error) {
      this.#malformed.add((error as Error).message);
    }
  }

  /** For the cloud: the number of invocations that run. */
  set running(count: number) {
    this.#running = count;
    this.#changedAt = performance.now();
  }

  /** Resolves when no function has run for a moment, or after the limit, in milliseconds. */
  async idle(limitMs: number): Promise<void> {
    const endsAt = performance.now() + limitMs;
    while (performance.now() < endsAt) {
      const quietMs = performance.now() - this.#changedAt;
      if (this.#running === 0 && quietMs >= QUIET_MS) return;
      await delay(QUIET_MS / 5);
    }
  }

  /** Why documents of metrics were dropped. */
  get malformed(): readonly string[] {
    return [...this.#malformed];
  }

  /** For the cloud: runs at the end of each minute, before its metrics are evaluated. @returns a function that ends it */
  eachMinute: EachMinute = (run) => {
    this.#schedules.add(run);
    return () => void this.#schedules.delete(run);
  };

  /** For the cloud: records metrics that AWS measures each minute. */
  measureEachMinute(measure: () => Promise<void> | void): void {
    this.#gauges.push(measure);
  }

  /** @throws Error for an alarm that CloudWatch refuses, or that the local cloud cannot evaluate */
  readAlarms({ Resources }: Template, resolve: Resolve): void {
    const read = <P, A>(type: string, names: readonly string[], readOne: (id: string, properties: P) => A) =>
      Object.entries(Resources)
        .filter(([, { Type }]) => Type === type)
        .map(([id, { Properties = {} }]) =>
          readOne(id, Object.fromEntries(names.map((name) => [name, resolve(Properties[name])])) as P),
        );
    this.#alarms = new Alarms(
      read<AlarmProperties, Alarm>('AWS::CloudWatch::Alarm', ALARM_PROPERTIES, readAlarm),
      read('AWS::CloudWatch::CompositeAlarm', COMPOSITE_PROPERTIES, readCompositeAlarm),
      this.#store,
    );
  }

  get alarms(): readonly AlarmView[] {
    return this.#alarms.all;
  }

  /** Returns the values that an alarm was last decided from, the oldest first; undefined for a period without data. */
  valuesOf(alarm: string): readonly (number | undefined)[] {
    return this.#alarms.values(alarm, this.clock.nowMs);
  }

  /** Lets time pass in which nothing happens, and evaluates the alarms at its end. @param ms whole minutes */
  skip(ms: number): readonly AlarmChange[] {
    this.clock.advance(ms);
    return this.#alarms.evaluate(this.clock.nowMs);
  }

  /** Returns a statistic of a metric over the last minutes; undefined without data. */
  statistic(metric: MetricId, name: string, minutes: number): number | undefined {
    const { nowMs } = this.clock;
    return this.#store.statistic(metric, name, nowMs - minutes * MINUTE_MS, nowMs);
  }

  /** Runs what is scheduled, ends the minute, and evaluates the alarms. @returns the alarms that changed */
  async endMinute(): Promise<readonly AlarmChange[]> {
    const scheduled = [...this.#schedules].map((run) => run());
    await Promise.race([Promise.all(scheduled), delay(LONGEST_MINUTE_MS, undefined, { ref: false })]);
    for (const measure of this.#gauges) await measure();
    recordAccountConcurrency(this.record, this.#running);
    this.clock.advance(MINUTE_MS);
    return this.#alarms.evaluate(this.clock.nowMs);
  }
}
