/** Prints what the drill saw: a table for people, which is also the page docs/drills.md. */
import type { HealthyRun } from './healthy-run.ts';
import type { DrillResult } from './run-scenario.ts';

export function table(results: readonly DrillResult[]): string {
  const rows = results.map(({ alarm, cause, minutesToAlarm, minutesToOk, also, failures }) => [
    `\`${alarm}\``,
    cause,
    minutesToAlarm === undefined ? 'never' : `${minutesToAlarm} min`,
    minutesToOk === undefined ? 'never' : `${minutesToOk} min`,
    also.map((id) => `\`${id}\``).join(', '),
    failures.length === 0 ? 'ok' : 'FAIL',
  ]);
  const head = ['alarm', 'cause', 'until the alarm', 'until it is over', 'also', 'result'];
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

export function describeHealthy({ ended, minutes, wentOff, seconds }: HealthyRun): string {
  const jobs = Object.entries(ended).map(([status, count]) => `${count} ${status}`);
  const alarms = wentOff.length === 0 ? 'no alarm went off' : `went off: ${wentOff.join(', ')}`;
  return `The healthy run: ${jobs.join(', ')}, in ${minutes} minutes of alarm time (${Math.round(seconds)} s); ${alarms}.`;
}

export function docsOf(healthy: HealthyRun, results: readonly DrillResult[]): string {
  return `${table(results)}\n${describeHealthy(healthy)}\n`;
}
