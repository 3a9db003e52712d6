/** Runs `npm run drill`: a healthy run that no alarm notices, then the cause of each alarm of the template. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { DrillCloud } from './drill-cloud.ts';
import { runHealthy } from './healthy-run.ts';
import { describeHealthy, docsOf, table } from './report.ts';
import { type DrillResult, runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios/index.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    'write-docs': { type: 'boolean', default: false },
    logs: { type: 'string' },
  },
});
const lines: string[] = [];
const startedAt = Date.now();
console.error('Synthesizing …');
const drill = await DrillCloud.start((name, line) => lines.push(`${name} ${line}`));
try {
  const { cloudWatch } = drill;
  const ids = new Map(cloudWatch.alarms.map(({ name, description }) => [name, idOf(name, description)]));
  const all = [...new Set(ids.values())];
  const isWanted = (id: string) => values.only.length === 0 || values.only.includes(id);
  const failures: string[] = [];

  console.error('The healthy run …');
  const healthy = values.only.length === 0 ? await runHealthy(drill) : undefined;
  if (healthy) {
    console.error(describeHealthy(healthy));
    for (const name of healthy.wentOff) failures.push(`The healthy run set off ${name}.`);
  }
  const results: DrillResult[] = [];
  for (const scenario of scenarios.filter(({ alarm }) => isWanted(alarm))) {
    if (!all.includes(scenario.alarm)) {
      failures.push(`The template has no alarm "${scenario.alarm}": remove its scenario.`);
      continue;
    }
    console.error(`${scenario.alarm}: ${scenario.cause} …`);
    const result = await runScenario(drill, scenario, (name) => ids.get(name) ?? name);
    console.error(
      `  ${result.seconds.toFixed(1)} s: ${[...Object.keys(result.also), ...result.failures].join('; ')}`,
    );
    for (const failure of result.failures) failures.push(`${scenario.alarm}: ${failure}`);
    results.push(result);
  }
  const drilled = scenarios.map(({ alarm }) => alarm);
  for (const id of all.filter((one) => isWanted(one) && !drilled.includes(one)))
    failures.push(`The alarm "${id}" has no drill: add one to test/drill/scenarios/.`);
  for (const malformed of cloudWatch.malformed) failures.push(malformed);

  const seconds = Math.round((Date.now() - startedAt) / 1000);
  console.log(table(results));
  for (const failure of failures) console.error(`FAIL ${failure}`);
  console.log(
    `\n${results.length} drills of ${all.length} alarms in ${seconds} s, ${failures.length} failures.`,
  );
  if (values.json)
    await writeFile(values.json, `${JSON.stringify({ healthy, results, failures, seconds }, null, 2)}\n`);
  if (values['write-docs'] && healthy)
    await writeFile('docs/explanation/drills.md', docsOf(healthy, results));
  if (values.logs) await writeFile(values.logs, lines.join('\n'));
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  await drill.close();
}

/** The runbook at the end of the description has the name of the alarm. Several alarms may share one. */
function idOf(name: string, description: string): string {
  return /\/([a-z0-9-]+)\.md$/.exec(description)?.[1] ?? name;
}
