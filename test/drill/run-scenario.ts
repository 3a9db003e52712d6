/** Runs a scenario: causes the condition until the alarm goes off, ends it, and waits until all alarms are quiet. */
import type { DrillCloud } from './drill-cloud.ts';
import type { Scenario } from './scenario.ts';

export interface DrillResult {
  readonly alarm: string;
  readonly cause: string;
  /** Minutes of alarm time from the cause to the alarm; undefined when it did not go off. */
  readonly minutesToAlarm?: number;
  /** Minutes of alarm time from the end of the cause until no alarm is on; undefined when one stayed on. */
  readonly minutesToOk?: number;
  /** Other alarms that went off as expected, with the reason. */
  readonly also: Readonly<Record<string, string>>;
  /** Why the drill failed. */
  readonly failures: readonly string[];
  /** Of the machine. */
  readonly seconds: number;
}

const MINUTE_MS = 60_000;
const LIMIT_MINUTES = 45;
/** The longest look back of an alarm is three quarters of an hour, and two periods more for missing data. */
const LONGEST_END_MINUTES = 120;
/** While their periods slide over the end of the cause, alarms can be over and go off once more. */
const QUIET_MINUTES = 5;
/** Longer than an alarm looks back. */
const FORGOTTEN_MS = 7 * 24 * 60 * 60_000;

/** @param idOf returns the id of an alarm */
export async function runScenario(
  drill: DrillCloud,
  scenario: Scenario,
  idOf: (alarmName: string) => string,
): Promise<DrillResult> {
  const { alarm, cause, also = {}, limitMinutes = LIMIT_MINUTES, quietHours = 0 } = scenario;
  const startedAt = Date.now();
  const wentOff = new Set<string>();
  const failures: string[] = [];
  const minute = async () => {
    for (const { name, to } of await drill.minute())
      if (to === 'ALARM' && !isWindow(drill, name)) wentOff.add(idOf(name));
  };

  let minutesToAlarm: number | undefined;
  let minutesToOk: number | undefined;
  let end: (() => Promise<void> | void) | undefined;
  const startCanary = scenario.hasCanary ? undefined : drill.stopCanary();
  // Without data of what ran before.
  drill.cloudWatch.skip(FORGOTTEN_MS);
  try {
    end = await scenario.begin(drill);
    for (let passed = 1; passed <= limitMinutes && minutesToAlarm === undefined; passed++) {
      await scenario.eachMinute?.(drill, passed);
      await minute();
      if (wentOff.has(alarm)) minutesToAlarm = passed;
    }
  } catch (error) {
    failures.push(`The cause failed: ${(error as Error).message}`);
  }
  const values = JSON.stringify(valuesOf(drill, alarm, idOf));
  try {
    await end?.();
  } catch (error) {
    failures.push(`The cause did not end: ${(error as Error).message}`);
  }
  const quietMinutes = quietHours * 60;
  let isQuiet = false;
  drill.cloudWatch.skip(quietMinutes * MINUTE_MS);
  for (let passed = quietMinutes + 1; passed <= quietMinutes + LONGEST_END_MINUTES; passed++) {
    await scenario.eachMinuteAfter?.(drill, passed);
    await minute();
    if (alarmsOn(drill).length > 0) minutesToOk = undefined;
    else minutesToOk ??= passed;
    isQuiet = minutesToOk !== undefined && passed - minutesToOk >= QUIET_MINUTES;
    if (isQuiet) break;
  }
  if (minutesToAlarm === undefined) {
    failures.push(`It did not go off within ${limitMinutes} minutes. Its last values: ${values}`);
  }
  if (!isQuiet)
    failures.push(
      `It was not over for ${QUIET_MINUTES} minutes within ${LONGEST_END_MINUTES} minutes. On: ${alarmsOn(drill).map(idOf).join(', ')}`,
    );
  startCanary?.();
  const others = [...wentOff].filter((id) => id !== alarm);
  const unexpected = others.filter((id) => !(id in also));
  if (unexpected.length > 0) failures.push(`These went off too: ${unexpected.join(', ')}`);
  return {
    alarm,
    cause,
    ...(minutesToAlarm !== undefined && { minutesToAlarm }),
    ...(minutesToOk !== undefined && { minutesToOk }),
    also: Object.fromEntries(Object.entries(also).filter(([id]) => others.includes(id))),
    failures,
    seconds: (Date.now() - startedAt) / 1000,
  };
}

/** A window of a composite alarm notifies nobody. */
function isWindow({ cloudWatch }: DrillCloud, alarm: string): boolean {
  return cloudWatch.alarms.some(({ name, isPart }) => isPart && name === alarm);
}

function alarmsOn({ cloudWatch }: DrillCloud): string[] {
  return cloudWatch.alarms
    .filter(({ state, isPart }) => state === 'ALARM' && !isPart)
    .map(({ name }) => name);
}

function valuesOf({ cloudWatch }: DrillCloud, id: string, idOf: (name: string) => string) {
  return cloudWatch.alarms
    .filter(({ name }) => idOf(name) === id)
    .map(({ name }) => cloudWatch.valuesOf(name).map((value) => value ?? null));
}
