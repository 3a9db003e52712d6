/**
 * Runs `npm run cost`: prints what a million jobs of an operation cost, what an idle stack costs (`--idle`), or compares receipts with
 * counted calls (`--check`, exits 1 when they differ by more than 5 %).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { priceQuantities } from '../../lambdas/receipt/price-lines.ts';
import { PRICES_DATE } from '../../lambdas/receipt/prices.ts';
import { compareReceipts } from './check.ts';
import { idleTable } from './idle.ts';
import { modelOf } from './model.ts';
import { chooseOperation } from './shape.ts';

const MILLION = 1_000_000;
/** Lines that also have what receipts lack. */
const WORDS: Readonly<Record<string, string>> = {
  apiRequests: 'API Gateway: start, answers, polls',
  sharedGbSeconds: 'Lambda: shared functions, polls, waits',
};
const MAX_DIFFERENCE = 0.05;
const USAGE = `npm run cost -- --operation NAME [--minutes 2] [--polls 12] [--wait-seconds 0] [--webhooks 0] [--questions 0] [--log-lines 0]
npm run cost -- --idle
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
    region: { type: 'string', default: 'us-east-1' },
    idle: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

/** @throws Error for anything but a number from 0 */
function numberOf(
  name: 'minutes' | 'polls' | 'wait-seconds' | 'webhooks' | 'questions' | 'log-lines',
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

async function printModel(name: string, scratch: string): Promise<void> {
  const { operations } = (await import(resolve(values.catalogue))) as {
    readonly operations: readonly OperationDefinition[];
  };
  const operation = chooseOperation(operations, name);
  const [minutes, polls, webhooks, questions] = [
    numberOf('minutes'),
    numberOf('polls'),
    numberOf('webhooks'),
    numberOf('questions'),
  ];
  const options = {
    operation,
    minutes,
    polls,
    webhooks,
    questions,
    waitSeconds: numberOf('wait-seconds'),
    logLines: numberOf('log-lines'),
  };
  const quantities = await modelOf(options, scratch);
  const { lines, total, region } = priceQuantities(quantities, values.region);
  const rows = lines.map(({ name: of, what, quantity, unit, usd: cost }) => [
    WORDS[of] ?? what,
    `${amount(quantity)} ${unit}`,
    usd(cost * MILLION, 2),
  ]);
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
  else if (values.operation !== undefined) await printModel(values.operation, directory);
  else {
    console.error(USAGE);
    process.exitCode = 1;
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
