/** Tests the arithmetic of `npm run cost` that no measurement shows: plans of memory, and bills of other services. */
import { billsOf, monthlyUsd, PRICES } from '../../bench/cost/alternatives.ts';
import { type MeasuredStep, plansOf } from '../../bench/cost/build-steps.ts';
import { extrapolate } from '../../bench/cost/extrapolate.ts';
import type { PricedWorkload } from '../../bench/cost/workloads.ts';

const SIZES = [1_024, 1_769, 2_048, 2_560, 3_008];

/** Each step takes a second, and two on a new machine. */
const measured: readonly MeasuredStep[] = ['install', 'compile', 'test', 'package'].flatMap((step) =>
  SIZES.flatMap((memoryMb) =>
    [false, true].map((restores) => ({ step, memoryMb, restores, ms: restores ? 2_000 : 1_000, peakMb: 1 })),
  ),
);

test('a step restores the tree when the step before it ran with another memory', () => {
  const plans = new Map(plansOf(measured).map((plan) => [plan.memoryMb.join(' '), plan]));
  expect(plans.get('2048 2048 2048 2048')).toMatchObject({ seconds: 4, gbSeconds: 8 });
  expect(plans.get('1769 3008 3008 1769')).toMatchObject({ seconds: 6 });
  expect(plans.get('1769 3008 3008 1769')?.gbSeconds).toBeCloseTo((3 * 1_769 + 3 * 3_008) / 1_024);
});

test('a longer job has the time of its reports, and not the noise of other shared functions', () => {
  const short = { quantities: { sharedGbSeconds: 3, apiRequests: 9 }, reports: 8, reportGbSeconds: 2 };
  const long = { quantities: { sharedGbSeconds: 5, apiRequests: 13 }, reports: 12, reportGbSeconds: 3 };
  // Three times four reports more, each of a quarter of a GB-second
  expect(extrapolate(short, long, 3)).toEqual({ sharedGbSeconds: 6, apiRequests: 21 });
  expect(extrapolate(short, { ...long, reports: 8 }, 3)).toMatchObject({ sharedGbSeconds: 3 });
});

const build: PricedWorkload = {
  name: 'build',
  words: 'a build',
  quantities: {},
  calls: {},
  steps: 4,
  seconds: 120,
  usd: 0.004,
  codeUsd: 0.003,
  callsUsd: 0.0001,
  lines: [],
};

test('a bill has its fixed part without jobs, and workers that are always there until jobs need more', () => {
  const bills = new Map(billsOf(build, 14).map((bill) => [bill.service, bill]));
  const bill = (service: string, count: number) => {
    const found = bills.get(service);
    return found ? monthlyUsd(found, count) : Number.NaN;
  };
  expect(bill('this project', 0)).toBe(14);
  expect(bill('this project', 1_000)).toBe(18);
  expect(bill('AgentCore Runtime', 0)).toBe(0);
  // 120 s of a vCPU, and of a GB
  expect(bill('AgentCore Runtime', 1)).toBeCloseTo((120 * (0.0895 + 0.00945)) / 3_600);
  const fastMcp = (count: number) => bill('FastMCP, Valkey, Fargate', count);
  // One worker takes a thousand builds a month.
  expect(fastMcp(1_000) - fastMcp(0)).toBeLessThan(0.01);
  expect(fastMcp(200_000) / fastMcp(100_000)).toBeGreaterThan(1.5);
  // The start, four steps and twelve heartbeats, with 10 % of support
  const temporal = bill('Temporal Cloud, Fargate', 1_000) - bill('Temporal Cloud, Fargate', 0);
  expect(temporal).toBeCloseTo(17 * 0.05 * 1.1, 2);
});

test('each price has its page and its day', () => {
  for (const { usd, source, date } of Object.values(PRICES)) {
    expect(usd).toBeGreaterThan(0);
    expect(source).toMatch(/^https:\/\//);
    expect(date).toMatch(/^2026-\d\d-\d\d$/);
  }
});
