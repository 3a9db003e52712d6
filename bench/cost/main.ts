/**
 * Runs `npm run cost`: prints what a build, a small job and a minute's wait cost, here and on other services; or what a million jobs of
 * one operation cost (`--operation`), what an idle stack costs (`--idle`), how the memory of its steps changes a build (`--memory`); or
 * compares receipts with counted calls (`--check`, exits 1 when they differ by more than 5 %).
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { type PricedLine, priceQuantities } from '../../lambdas/receipt/price-lines.ts';
import { PRICES_DATE } from '../../lambdas/receipt/prices.ts';
import { billsOf, monthlyUsd, NOTES, PRICES } from './alternatives.ts';
import { measureBuildSteps, plansOf } from './build-steps.ts';
import { compareReceipts } from './check.ts';
import { idleTable } from './idle.ts';
import { modelOf, totalOf } from './model.ts';
import { chooseOperation } from './shape.ts';
import { measureWorkloads, type PricedWorkload, priceWorkload } from './workloads.ts';

const MILLION = 1_000_000;
/** Lines that also have what receipts lack. */
const WORDS: Readonly<Record<string, string>> = {
  apiRequests: 'API Gateway: start, answers, reports, polls',
  sharedGbSeconds: 'Lambda: shared functions, polls, waits',
};
const MAX_DIFFERENCE = 0.05;
/** Jobs a month, or minutes of waiting. */
const VOLUMES = [10_000, 100_000, 1_000_000] as const;
const REGION = 'us-east-1';
const USAGE = `npm run cost
npm run cost -- --operation NAME [--minutes 2] [--polls 12] [--wait-seconds 0] [--webhooks 0] [--questions 0] [--log-lines 0]
npm run cost -- --idle
npm run cost -- --memory [--repeats 1]
npm run cost -- --check
--operation and --idle take --region REGION (default us-east-1). --operation takes --catalogue FILE: the module of other operations than
the samples.`;

const { values } = parseArgs({
  options: {
    operation: { type: 'string' },
    catalogue: { type: 'string', default: 'lambdas/operations/index.ts' },
    minutes: { type: 'string', default: '2' },
    polls: { type: 'string', default: '12' },
    'wait-seconds': { type: 'string', default: '0' },
    webhooks: { type: 'string', default: '0' },
    questions: { type: 'string', default: '0' },
    'log-lines': { type: 'string', default: '0' },
    region: { type: 'string', default: REGION },
    repeats: { type: 'string', default: '1' },
    memory: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    idle: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

/** @throws Error for anything but a number from 0 */
function numberOf(
  name: 'minutes' | 'polls' | 'wait-seconds' | 'webhooks' | 'questions' | 'log-lines' | 'repeats',
): number {
  const value = Number(values[name]);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new Error(`--${name} is "${values[name]}". Give a number from 0.`);
}

const usd = (value: number, decimals: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const amount = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
const dated = (prices: string, region: string) => `List prices of ${prices}, ${region}; without free tier.`;

/** Returns a table for a terminal: aligns the first column to the left, and the others to the right. */
function alignedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  foot?: readonly string[],
): string {
  const all = [head, ...rows, ...(foot ? [foot] : [])];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ')
      .trimEnd();
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 3, -3));
  return [line(head), rule, ...rows.map(line), ...(foot ? [rule, line(foot)] : [])].join('\n');
}

function rowsOf(lines: readonly PricedLine[]): readonly (readonly string[])[] {
  return lines.map(({ name, what, quantity, unit, usd: cost }) => [
    WORDS[name] ?? what,
    `${amount(quantity)} ${unit}`,
    usd(cost * MILLION, 2),
  ]);
}

/** Prints the three workloads, and the same work on other services. */
async function printComparison(scratch: string): Promise<void> {
  await mkdir(scratch);
  const workloads = (await measureWorkloads(scratch)).map((workload) => priceWorkload(workload, REGION));
  const idle = await idleTable(join(scratch, 'idle'), REGION);
  for (const { words, lines, usd: cost } of workloads) {
    console.log(`A million times ${words}.\n`);
    console.log(
      alignedTable(['what', 'each', 'US$ a million'], rowsOf(lines), ['total', '', usd(cost * MILLION, 2)]),
    );
    console.log();
  }
  console.log(`${dated(PRICES_DATE, REGION)} Counted on the local cloud.\n`);
  for (const workload of workloads) printServices(workload, idle.total);
  for (const note of NOTES) console.log(`- ${note}`);
  console.log();
  const prices = Object.values(PRICES).map(({ what, usd: of, unit, source, date }) => [
    what,
    `${amount(of)} per ${unit}`,
    source,
    date,
  ]);
  console.log(alignedTable(['price', 'US$', 'page', 'as of'], prices));
}

function printServices(workload: PricedWorkload, idleUsd: number): void {
  const rows = billsOf(workload, idleUsd).map((bill) => [
    bill.service,
    ...[0, ...VOLUMES].map((count) => usd(monthlyUsd(bill, count), count === 0 ? 2 : 0)),
  ]);
  console.log(`US$ a month for ${workload.words}.\n`);
  console.log(
    alignedTable(['service', 'none', ...VOLUMES.map((count) => count.toLocaleString('en-US'))], rows),
  );
  console.log();
}

/** Prints the steps of a build by memory, and what combinations of these cost. */
async function printMemory(scratch: string): Promise<void> {
  await mkdir(scratch);
  const steps = await measureBuildSteps(scratch, numberOf('repeats'));
  if (!steps) throw new Error('This user cannot limit CPU. Run this as root, on Linux with control groups.');
  const rows = steps.map(({ step, memoryMb, restores, ms, peakMb }) => [
    `${step}${restores ? ', on a new machine' : ''}`,
    String(memoryMb),
    (ms / 1_000).toFixed(1),
    ((ms * memoryMb) / 1_024_000).toFixed(1),
    peakMb.toFixed(0),
  ]);
  console.log(alignedTable(['step', 'MiB', 'seconds', 'GB-seconds', 'peak MiB'], rows));
  console.log();
  const plans = plansOf(steps).map(({ memoryMb, seconds, gbSeconds }) => [
    memoryMb.join(' / '),
    seconds.toFixed(1),
    gbSeconds.toFixed(1),
    usd(gbSeconds * PRICES.lambdaGbSecond.usd * MILLION, 0),
  ]);
  console.log(
    alignedTable(
      ['install / compile / test / package, MiB', 'seconds', 'GB-seconds', 'US$ a million'],
      plans,
    ),
  );
}

async function printModel(name: string, scratch: string): Promise<void> {
  const { operations } = (await import(resolve(values.catalogue))) as {
    readonly operations: readonly OperationDefinition[];
  };
  const operation = chooseOperation(operations, name);
  const [minutes, polls, webhooks, questions, waitSeconds] = [
    numberOf('minutes'),
    numberOf('polls'),
    numberOf('webhooks'),
    numberOf('questions'),
    numberOf('wait-seconds'),
  ];
  const options = {
    operation,
    minutes,
    webhooks,
    questions,
    waits: waitSeconds > 0,
    logLines: numberOf('log-lines'),
  };
  const quantities = totalOf(await modelOf(options, scratch), { polls, waitSeconds });
  const { lines, total, region } = priceQuantities(quantities, values.region);
  const rows = rowsOf(lines);
  const given = [`${minutes} minutes`, `${polls} polls`, `${webhooks} webhooks`, `${questions} questions`];
  console.log(`A million jobs of ${name}: ${given.join(', ')}.\n`);
  console.log(alignedTable(['what', 'a job', 'US$ a million'], rows, ['total', '', usd(total * MILLION, 2)]));
  console.log(
    `\n${dated(PRICES_DATE, region)} Counted on the local cloud. Receipts have no polls and waits.`,
  );
}

async function printIdle(scratch: string): Promise<void> {
  const { lines, total, prices, region } = await idleTable(scratch, values.region);
  const rows = lines.map(({ what, quantity, unit, usd: cost }) => [
    what,
    `${amount(quantity)} ${unit}`,
    usd(cost, 2),
  ]);
  console.log('A stack of the samples without jobs, a month.\n');
  console.log(alignedTable(['what', 'a month', 'US$'], rows, ['total', '', usd(total, 2)]));
  console.log(`\n${dated(prices, region)}`);
}

async function printCheck(scratch: string): Promise<void> {
  const found = await compareReceipts(scratch);
  const rows = found.map(({ what, counted, receipts, isChecked }) => {
    const difference = counted === receipts ? 0 : receipts / counted - 1;
    const verdict = !isChecked ? 'estimate' : Math.abs(difference) <= MAX_DIFFERENCE ? 'right' : 'WRONG';
    return {
      cells: [what, amount(counted), amount(receipts), `${(difference * 100).toFixed(1)} %`, verdict],
      verdict,
    };
  });
  console.log('The receipts of 100 jobs, and the calls that the local cloud has counted.\n');
  console.log(
    alignedTable(
      ['what', 'counted', 'in receipts', 'difference', ''],
      rows.map(({ cells }) => cells),
    ),
  );
  process.exitCode = rows.some(({ verdict }) => verdict === 'WRONG') ? 1 : 0;
}

const scratch = await mkdtemp(join(tmpdir(), 'cost-'));
try {
  const directory = join(scratch, 'cdk.out');
  if (values.check) await printCheck(directory);
  else if (values.idle) await printIdle(directory);
  else if (values.memory) await printMemory(directory);
  else if (values.operation !== undefined) await printModel(values.operation, directory);
  else if (values.help) console.log(USAGE);
  else await printComparison(directory);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
