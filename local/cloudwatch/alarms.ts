/** Evaluates the alarms of the template, and keeps their states. */
import type { Alarm } from './alarm-properties.ts';
import { type AlarmState, alarmState, EXTRA_PERIODS } from './alarm-state.ts';
import type { CompositeAlarm } from './composite-alarm.ts';
import type { MetricId, MetricStore } from './metric-store.ts';

/** An alarm that changed its state. */
export interface AlarmChange {
  readonly name: string;
  readonly from: AlarmState;
  readonly to: AlarmState;
  /** Milliseconds since 1970, in the time of CloudWatch. */
  readonly atMs: number;
}

export interface AlarmView {
  readonly name: string;
  readonly description: string;
  readonly state: AlarmState;
  /** Whether a composite alarm watches it. Nobody is notified of it. */
  readonly isPart: boolean;
  /** Metrics of the alarm that have never had a value. */
  readonly unknownMetrics: readonly MetricId[];
}

export class Alarms {
  readonly #alarms: readonly Alarm[];
  readonly #composites: readonly CompositeAlarm[];
  readonly #store: MetricStore;
  readonly #states = new Map<string, AlarmState>();

  /** The alarms begin in the state INSUFFICIENT_DATA. */
  constructor(alarms: readonly Alarm[], composites: readonly CompositeAlarm[], store: MetricStore) {
    this.#alarms = alarms;
    this.#composites = composites;
    this.#store = store;
  }

  get all(): readonly AlarmView[] {
    const ofMetrics = this.#alarms.map(({ name, description, series }) => ({
      name,
      description,
      state: this.#stateOf(name),
      isPart: this.#composites.some(({ parts }) => parts.includes(name)),
      unknownMetrics: series.flatMap((one) =>
        'metric' in one && !this.#store.has(one.metric) ? [one.metric] : [],
      ),
    }));
    const composites = this.#composites.map(({ name, description }) => ({
      name,
      description,
      state: this.#stateOf(name),
      isPart: false,
      unknownMetrics: [],
    }));
    return [...ofMetrics, ...composites];
  }

  /** Evaluates all alarms at a whole minute. @returns those that changed */
  evaluate(nowMs: number): readonly AlarmChange[] {
    const change = (name: string, to: AlarmState): readonly AlarmChange[] => {
      const from = this.#stateOf(name);
      this.#states.set(name, to);
      return from === to ? [] : [{ name, from, to, atMs: nowMs }];
    };
    return [
      ...this.#alarms.flatMap((alarm) =>
        change(alarm.name, alarmState(this.#points(alarm, nowMs), alarm, this.#stateOf(alarm.name))),
      ),
      // After their parts.
      ...this.#composites.flatMap(({ name, parts }) => {
        const isOn = parts.every((part) => this.#stateOf(part) === 'ALARM');
        return change(name, isOn ? 'ALARM' : 'OK');
      }),
    ];
  }

  /** Returns the value of each period of an alarm's range, the oldest first; undefined without data. */
  values(name: string, nowMs: number): readonly (number | undefined)[] {
    const alarm = this.#alarms.find((one) => one.name === name);
    return alarm ? this.#values(alarm, nowMs) : [];
  }

  #stateOf(name: string): AlarmState {
    return this.#states.get(name) ?? 'INSUFFICIENT_DATA';
  }

  #points(alarm: Alarm, nowMs: number): (boolean | undefined)[] {
    return this.#values(alarm, nowMs).map((value) =>
      value === undefined ? undefined : alarm.breaches(value),
    );
  }

  #values(
    { evaluationPeriods, periodMs, series, resultId }: Alarm,
    nowMs: number,
  ): readonly (number | undefined)[] {
    const indexes = Array.from({ length: evaluationPeriods + EXTRA_PERIODS }, (_, index) => index);
    const values: Record<string, readonly (number | undefined)[]> = {};
    for (const one of series) {
      values[one.id] = indexes.map((index) => {
        if ('expression' in one) return one.expression.evaluate(values, index);
        const toMs = nowMs - (indexes.length - 1 - index) * periodMs;
        return this.#store.statistic(one.metric, one.statistic, toMs - periodMs, toMs);
      });
    }
    return values[resultId] ?? [];
  }
}
