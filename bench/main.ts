/** Runs `npm run bench`: prints speed and cost as a table, and as JSON with `--json FILE`. Exits 1 over a limit. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLocalCloud } from '../local/cloud.ts';
import { CallCounter } from '../test/support/call-counter.ts';
import { synthesizeSource } from '../test/support/synthesize-source.ts';
import { authorization } from './authorization.ts';
import { burst } from './burst.ts';
import { checkJobRate } from './check-job.ts';
import { coldStarts } from './cold-start.ts';
import { contextTokens } from './context.ts';
import { costRows } from './cost/rows.ts';
import { eventStreams } from './event-stream.ts';
import { jobCost } from './job-cost.ts';
import { localCloud } from './local-cloud.ts';
import { logLines } from './log-lines.ts';
import type { Row } from './measure.ts';
import { pageSizes } from './page-size.ts';
import { progressCost } from './progress.ts';
import { toolListTokens } from './tool-list.ts';
import { waiting } from './wait.ts';
import { webhooks } from './webhooks.ts';

const { values } = parseArgs({
  options: { json: { type: 'string' }, peers: { type: 'boolean', default: false } },
});
const scratch = await mkdtemp(join(tmpdir(), 'bench-'));
if (values.peers) {
  const { comparePeers } = await import('./peers/peers.ts');
  try {
    console.log((await comparePeers(scratch)).join('\n'));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
  await rm(scratch, { recursive: true, force: true });
  process.exit();
}
try {
  console.error('Synthesizing …');
  const app = join(scratch, 'app');
  const test = join(scratch, 'test');
  // With an authorizer, to measure it too. Nothing here sends requests to its issuer.
  await synthesizeSource(app, undefined, { authorization: 'oidc', issuer: 'https://issuer.example.com' });
  await synthesizeSource(test, 'test/fixtures/app.ts');
  const counter = new CallCounter();
  const cloud = await startLocalCloud({
    assemblyDirectory: test,
    onAwsCall: counter.count,
    allowLoopbackWebhooks: true,
  });
  const rows: Row[] = [];
  try {
    console.error('Costs of a job …');
    rows.push(...(await jobCost(cloud, counter)), ...(await progressCost()));
    console.error('Events and webhooks …');
    rows.push(...(await webhooks(cloud, counter)), ...(await eventStreams()));
    console.error('Cold starts …');
    rows.push(...(await coldStarts(app, cloud, scratch)));
    console.error('Waits …');
    rows.push(...(await waiting(test, cloud)));
    console.error('Calls a second …');
    rows.push(...(await checkJobRate(test)));
    console.error('Many jobs at once …');
    rows.push(...(await burst(cloud)));
  } finally {
    await cloud.close();
  }

  console.error('Lines of a build …');
  rows.push(...(await logLines(scratch)));
  console.error('The local cloud …');
  rows.push(...(await localCloud(app, test, scratch)));
  console.error('Tokens …');
  rows.push(...(await authorization()));
  console.error('Context of a model …');
  rows.push(...toolListTokens());
  rows.push(...(await contextTokens(scratch)));
  rows.push(...pageSizes());
  console.error('Cost of a million …');
  rows.push(...(await costRows(scratch)));

  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGb: Math.round(totalmem() / 1e9),
  };
  console.log(table(rows));
  console.log(`\n${machine.cpu}, ${machine.memoryGb} GB, ${machine.platform}, Node.js ${machine.node}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  const passed = rows.filter(({ value, limit }) => limit !== undefined && Number(value) > limit);
  for (const { what, value, limit } of passed)
    console.error(`Over its limit: ${what}: ${value}, limit ${limit}.`);
  process.exitCode = passed.length > 0 ? 1 : 0;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** Returns a Markdown table that is also readable in a terminal. */
function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, value, unit, limit }) => [
    what,
    `${value} ${unit}`,
    limit === undefined ? '' : `≤ ${limit}`,
  ]);
  const head = ['what', 'measured', 'limit'];
  const widths = head.map((name, column) =>
    Math.max(name.length, ...cells.map((cell) => cell[column]?.length ?? 0)),
  );
  const line = (cell: readonly string[]) =>
    `| ${cell.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...cells.map(line)].join(
    '\n',
  );
}
