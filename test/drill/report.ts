/** Prints what the drill saw: a table for people, which is also the page docs/explanation/drills.md. */
import type { HealthyRun } from './healthy-run.ts';
import type { DrillResult } from './run-scenario.ts';

export function table(results: readonly DrillResult[]): string {
  const rows = results.map(({ alarm, cause, minutesToAlarm, minutesToOk, also, failures }) => [
    `\`${alarm}\``,
    cause,
    minutesToAlarm === undefined ? 'never' : `${minutesToAlarm} min`,
    minutesToOk === undefined ? 'never' : timeOf(minutesToOk),
    Object.keys(also)
      .map((id) => `\`${id}\``)
      .join(', '),
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

function timeOf(minutes: number): string {
  return minutes < 600 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

export function describeHealthy({ ended, minutes, wentOff, seconds }: HealthyRun): string {
  const jobs = Object.entries(ended).map(([status, count]) => `${count} ${status}`);
  const alarms = wentOff.length === 0 ? 'no alarm went off' : `went off: ${wentOff.join(', ')}`;
  return `The healthy run: ${jobs.join(', ')}, in ${minutes} minutes of alarm time (${Math.round(seconds)} s); ${alarms}.`;
}

/** Returns the page docs/explanation/drills.md. */
export function docsOf(healthy: HealthyRun, results: readonly DrillResult[]): string {
  return `# Drills

How each alarm was made to go off. Read this page to judge whether an alarm can be trusted, and to see which others the same cause sets off.
[Monitoring](../guides/monitoring.md#alarms) has the thresholds, and the [runbooks](../runbooks/README.md) say what to do.

\`npm run drill\` shows that each alarm goes off when it should, and only then. It deploys the stack with all alarms to the
[local cloud](local-cloud.md). The local cloud gathers the metrics of the service from its logs, measures the services of AWS, and evaluates
the alarms of the template by CloudWatch's rules. Each cause is real: functions crash, AWS throttles, receivers refuse, messages are lost.

The command prints this table, and exits with 1 when an alarm does not go off, does not end, or goes off without a reason. An alarm
without a drill is a failure too.

- \`npm run drill -- --only api-errors\` drills one alarm.
- \`npm run drill -- --json FILE\` writes the results as JSON.
- \`npm run drill -- --logs FILE\` writes the log lines of all functions.
- \`npm run drill -- --write-docs\` writes this page.

Minutes are those of the alarms: the drill lets them pass in moments. It sets what only time would bring: how old a job is, when an
attempt is due, and what its steps have used. CloudWatch may take two minutes more to receive a metric.

## A healthy run

${describeHealthy(healthy)} The jobs ask questions, are cancelled and send webhooks. Builds fail, steps crash once,
and callers have expired tokens. The canary runs every five minutes. In drills it runs for \`canary-failing\` only: it would notice most
of the other causes too.

## Alarms

${table(results)}

"Until it is over" counts from the end of the cause. An alarm can outlast its cause for as long as its periods look back, and two
periods more when its metric has no data. "Also" lists alarms that the same cause sets off:

${reasons(results)}
`;
}

function reasons(results: readonly DrillResult[]): string {
  const lines = results.flatMap(({ alarm, also }) =>
    Object.entries(also).map(([id, reason]) => `- \`${alarm}\` and \`${id}\`: ${reason}.`),
  );
  return lines.join('\n');
}
