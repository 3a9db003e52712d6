/**
 * Runs `npm run bench`: prints speed and cost as a table, and as JSON with `--json FILE`. Exits 1 over a limit. Names of sections, such
 * as `waits tokens`, run these alone.
 */
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

/** What a section measures, by its name on the command line. */
type Sections = Readonly<Record<string, () => Promise<readonly Row[]>>>;

const { values, positionals: chosen } = parseArgs({
  allowPositionals: true,
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
  const onCloud: Sections = {
    jobs: async () => [...(await jobCost(cloud, counter)), ...(await progressCost())],
    events: async () => [...(await webhooks(cloud, counter)), ...(await eventStreams())],
    starts: () => coldStarts(app, cloud, scratch),
    waits: () => waiting(test, cloud),
    calls: () => checkJobRate(test),
    burst: () => burst(cloud),
  };
  // Another cloud would take their time.
  const alone: Sections = {
    lines: () => logLines(scratch),
    local: () => localCloud(app, test, scratch),
    tokens: async () => [...(await authorization()), ...toolListTokens()],
    context: async () => [...(await contextTokens(scratch)), ...pageSizes()],
    cost: () => costRows(scratch),
  };
  const unknown = chosen.find((name) => !(name in onCloud || name in alone));
  if (unknown !== undefined) {
    await cloud.close();
    throw new Error(
      `There is no section ${unknown}. Choose from ${[...Object.keys(onCloud), ...Object.keys(alone)].join(', ')}.`,
    );
  }
  try {
    rows.push(...(await measured(onCloud)));
  } finally {
    await cloud.close();
  }
  rows.push(...(await measured(alone)));

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

/** Measures the chosen sections in turn, and prints each row as soon as it is known. */
async function measured(sections: Sections): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(sections)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    console.error(`${name} …`);
    const found = await measure();
    for (const { what, value, unit } of found) console.error(`  ${what}: ${value} ${unit}`);
    rows.push(...found);
  }
  return rows;
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
