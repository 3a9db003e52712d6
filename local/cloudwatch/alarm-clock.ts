/** Keeps the time of CloudWatch, which runs only on request: minutes of alarm time pass in milliseconds. */

interface Tick {
  /** When the clock was moved, in milliseconds of the machine. */
  readonly realMs: number;
  /** The time that it was moved to. */
  readonly alarmMs: number;
}

export class AlarmClock {
  readonly #ticks: Tick[];

  /** @param startMs a whole minute, in milliseconds since 1970 */
  constructor(startMs: number) {
    this.#ticks = [{ realMs: 0, alarmMs: startMs }];
  }

  /** Milliseconds since 1970. */
  get nowMs(): number {
    return this.#ticks.at(-1)?.alarmMs ?? 0;
  }

  /** Returns the alarm time of an earlier moment of the machine, such as that at which a message was sent. */
  at(realMs: number): number {
    return this.#ticks.findLast((tick) => tick.realMs < realMs)?.alarmMs ?? this.nowMs;
  }

  /** Returns how long ago a moment of the machine is, in milliseconds of alarm time. */
  ageOf(realMs: number): number {
    return this.nowMs - this.at(realMs);
  }

  advance(ms: number): void {
    this.#ticks.push({ realMs: Date.now(), alarmMs: this.nowMs + ms });
  }
}
