/** Makes up the jobs, endpoints and deliveries that pictures show: the same ids and durations in each run. */
import { createHash } from 'node:crypto';
import type { JobEvent } from '../../lambdas/events/event.ts';
import { type Job, stepLogKey } from '../../lambdas/jobs/job.ts';
import type { TimelineEvent } from '../../lambdas/jobs/timeline.ts';
import { type Delivery, deliveryKey } from '../../lambdas/webhooks/deliveries/delivery.ts';
import type { Endpoint } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { jobRecord } from './seed-jobs.ts';

const HOUR_MS = 60 * 60 * 1_000;

/** @returns the id of the job that a name stands for, of the form of a random one */
export function idOf(name: string): string {
  const hex = sha256(name);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A step that begins and ends this long after the job, in milliseconds, and what it prints. */
export interface PicturedStep {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly log: string;
}

const HEADLINE = (script: string) => `\n> hello-service@1.0.0 ${script}\n`;

export const BUILD_STEPS: readonly PicturedStep[] = [
  {
    name: 'install',
    from: 340,
    to: 6_120,
    log: 'Installing the dependencies of package-lock.json.\n\nadded 4 packages in 5s\n',
  },
  { name: 'compile', from: 6_160, to: 13_480, log: `${HEADLINE('build')}> tsc\n\n` },
  {
    name: 'test',
    from: 13_510,
    to: 15_230,
    log: `${HEADLINE('test')}> node --test

✔ greets by name (62.8ms)
✔ greets the world when no name is given (18.8ms)
✔ gives every answer an id of its own (30.7ms)
✔ answers 404 for what it does not know (8.4ms)
ℹ tests 4
ℹ pass 4
ℹ fail 0
`,
  },
  {
    name: 'package',
    from: 15_260,
    to: 18_600,
    log: `Wrote builds/hello-service.tar.gz: 19 files, 12,882 bytes, SHA-256 ${sha256('hello-service')}.\n`,
  },
];

export const SHOP_STEPS: readonly PicturedStep[] = [
  {
    name: 'install',
    from: 180,
    to: 1_940,
    log: 'Installing the dependencies of package-lock.json.\n\nup to date in 1s\n',
  },
  {
    name: 'compile',
    from: 1_970,
    to: 3_150,
    log: '\n> web-shop@2.4.0 build\n> node build.js\n\nshop.js  1.2 kB\n',
  },
  {
    name: 'test',
    from: 3_180,
    to: 4_420,
    log: `
> web-shop@2.4.0 test
> node test.js

✔ adds to the cart
✔ removes from the cart
✔ computes the tax
✖ pays with a card
Error: the payment service responded with status 503
`,
  },
  { name: 'package', from: 4_450, to: 4_930, log: 'Wrote builds/web-shop.tar.gz: 5 files, 618 bytes.\n' },
];

interface Moment {
  readonly owner: string;
  readonly jobId: string;
  readonly project: string;
  readonly steps: readonly PicturedStep[];
  /** Epoch milliseconds. */
  readonly createdMs: number;
  /** Milliseconds since then; at the end or later the build has completed. */
  readonly elapsedMs: number;
}

/** Returns the record of a build as it is at a moment of its life. */
export function buildAt({ owner, jobId, project, steps, createdMs, elapsedMs }: Moment): Job {
  const begun = steps.filter(({ from }) => from <= elapsedMs);
  const finished = steps.filter(({ to }) => to <= elapsedMs);
  const current = begun.find(({ to }) => to > elapsedMs);
  const endMs = createdMs + Math.max(...steps.map(({ to }) => to));
  const isEnd = finished.length === steps.length;
  const fraction = current ? (elapsedMs - current.from) / (current.to - current.from) : 0;
  return jobRecord({
    ...base(owner, jobId, project, createdMs, createdMs + (steps[0]?.from ?? 0)),
    status: isEnd ? 'completed' : 'running',
    version: 2 + begun.length + finished.length,
    progress: (finished.length + fraction) / steps.length,
    step: begun.at(-1)?.name ?? '',
    message: isEnd ? 'Completed.' : `Running ${begun.at(-1)?.name}.`,
    timeline: timelineOf(begun, createdMs, isEnd ? Number.POSITIVE_INFINITY : elapsedMs),
    ...(isEnd && {
      ...ended(endMs),
      logs: logsOf(jobId, finished),
      result: {
        artifact: `/builds/${project}.tar.gz`,
        size: 12_882,
        sha256: sha256(project),
        entries: 19,
        skipped: [],
      },
      stepUsage: {
        invocations: 8,
        mbMs: 64_512,
        sandboxes: 4,
        sandboxMbMs: 38_502_400,
        reports: 12,
        reads: 7,
        puts: 9,
        gets: 6,
      },
      used: { attempts: 4, transitions: 4 },
    }),
  });
}

const TESTS_FAILED = 'The test script of "web-shop" exited with code 1. Read the log of the step.';

/** Returns a build whose tests failed, and the completed retry of it from its second step. */
export function failedBuildAndRetry(owner: string, createdMs: number): readonly [Job, Job] {
  const [install, ...others] = SHOP_STEPS;
  const ran = SHOP_STEPS.slice(0, 3);
  const failed = {
    ...buildAt({
      owner,
      jobId: idOf('failed'),
      project: 'web-shop',
      steps: SHOP_STEPS,
      createdMs,
      elapsedMs: 4_000,
    }),
    ...ended(createdMs + 4_420),
    status: 'failed' as const,
    message: TESTS_FAILED,
    progress: 0.5,
    logs: logsOf(idOf('failed'), ran),
    error: {
      code: 'SCRIPT_FAILED',
      message: TESTS_FAILED,
      step: 'test',
      retryable: false,
      details: { exit_code: 1, script: 'test' },
    },
    stepUsage: {
      invocations: 6,
      mbMs: 22_784,
      sandboxes: 3,
      sandboxMbMs: 8_642_560,
      reports: 6,
      reads: 3,
      puts: 5,
      gets: 4,
    },
    used: { attempts: 3, transitions: 5 },
  };
  const waitedMs = (install?.to ?? 0) - 150;
  const retry = {
    ...buildAt({
      owner,
      jobId: idOf('retry'),
      project: 'web-shop',
      steps: others.map((step) => ({ ...step, from: step.from - waitedMs, to: step.to - waitedMs })),
      createdMs: createdMs + 95_000,
      elapsedMs: 10_000,
    }),
    firstStep: 'compile',
    stepUsage: {
      invocations: 6,
      mbMs: 19_456,
      sandboxes: 3,
      sandboxMbMs: 5_939_200,
      reports: 6,
      reads: 3,
      puts: 5,
      gets: 6,
    },
    used: { attempts: 3, transitions: 3 },
    retriedFrom: failed.jobId,
  };
  return [failed, retry];
}

/** Returns a deploy that asks whether to release a build. */
export function askingDeploy(owner: string, createdMs: number, build: Job): Job {
  const jobId = idOf('deploy');
  const { size, sha256: digest } = build.result as { readonly size: number; readonly sha256: string };
  return jobRecord({
    ...base(owner, jobId, 'hello-service', createdMs, createdMs + 260),
    operation: 'deploy',
    input: { project: 'hello-service', build_job_id: build.jobId, environment: 'production' },
    status: 'input_required',
    progress: 0.25,
    step: 'approve',
    timeline: [
      { step: 'verify', began: createdMs + 260 },
      { step: 'verify', ended: createdMs + 4_470 },
      { step: 'approve', began: createdMs + 4_490 },
      { step: 'approve', asked: createdMs + 5_100 },
    ],
    inputRequests: {
      approve: {
        step: 'approve',
        message: `Release hello-service to production? Artifact of build ${build.jobId}: ${size.toLocaleString('en')} bytes, SHA-256 ${digest.slice(0, 12)}…. It is the first release.`,
        schema: {
          type: 'object',
          properties: {
            approve: { type: 'boolean', description: 'Approve the release.' },
            reason: { type: 'string', description: 'Reason for the decision.', maxLength: 500 },
          },
          required: ['approve'],
        },
      },
    },
  });
}

/** Returns running jobs of several owners, the oldest first. The index of open jobs has them. */
export function openJobs(nowMs: number): readonly Job[] {
  return [
    { user: 'linus', operation: 'deploy', step: 'smoke', progress: 0.75, seconds: 412, changed: 7 },
    { user: 'ada', operation: 'build', step: 'compile', progress: 0.4, seconds: 38, changed: 11 },
    { user: 'grace', operation: 'build', step: 'install', progress: 0.1, seconds: 12, changed: 9 },
  ].map(({ user, operation, step, progress, seconds, changed }) => {
    const owner = `${PICTURED_ISSUER}#${user}`;
    const createdMs = nowMs - seconds * 1_000;
    return {
      ...jobRecord({
        ...base(owner, idOf(`open ${user}`), 'web-shop', createdMs, createdMs + 200),
        operation,
      }),
      status: 'running',
      progress,
      step,
      updatedAt: iso(nowMs - changed * 1_000),
      endedAt: undefined,
      openOwner: owner,
    } as Job;
  });
}

/** The identity provider in pictures. The one of tests has a port that differs with each run. */
export const PICTURED_ISSUER = 'https://sign-in.example.com';

export interface PicturedWebhooks {
  readonly endpoints: readonly [Endpoint, Endpoint];
  /** The first one has failed once, and was replayed. */
  readonly deliveries: readonly [Delivery, ...Delivery[]];
}

/** Returns an endpoint that works and one that fails, with their deliveries. */
export function picturedWebhooks(owner: string, nowMs: number, event: JobEvent): PicturedWebhooks {
  const createdMs = nowMs - 26 * HOUR_MS;
  const endpoint = (name: string, url: string, description: string): Endpoint => ({
    owner,
    endpointId: `ep_${idOf(name).replaceAll('-', '')}`,
    kind: 'webhook',
    url,
    description,
    events: ['job.input_required', 'job.completed', 'job.failed', 'job.cancelled'],
    answerLinks: true,
    secrets: [{ value: 'never shown' }],
    createdAt: iso(createdMs),
    updatedAt: iso(createdMs),
  });
  const bot = endpoint('bot', 'https://ci.example.com/release-bot', 'Release bot');
  const chat = endpoint('team', 'https://chat.example.com/hooks/releases', 'Channel of the release team');
  const delivery = (jobId: string, to: Endpoint, atMs: number, fields: Partial<Delivery>): Delivery => ({
    owner,
    jobId,
    deliveryKey: deliveryKey(9, to.endpointId),
    endpointId: to.endpointId,
    type: event.type,
    event: { ...event, id: `${jobId}.9` },
    status: 'delivered',
    attemptCount: 1,
    attempts: [{ at: iso(atMs), latencyMs: 86, status: 204, answer: '' }],
    attemptsBefore: 0,
    createdAt: iso(atMs),
    expiresAt: Math.floor(nowMs / 1_000) + 4 * 24 * 3_600,
    ...fields,
  });
  const firstMs = Date.parse(event.timestamp) + 300;
  return {
    endpoints: [bot, chat],
    deliveries: [
      delivery(event.data.job_id, bot, firstMs, {
        attemptCount: 3,
        attemptsBefore: 2,
        attempts: [
          { at: iso(firstMs), latencyMs: 41, status: 503, answer: 'The bot restarts.' },
          { at: iso(firstMs + 5_000), latencyMs: 92, status: 204, answer: '' },
          { at: iso(firstMs + 65_000), latencyMs: 88, status: 204, answer: '' },
        ],
      }),
      ...[2, 5, 9, 22].map((hours) => delivery(idOf(`delivery ${hours}`), bot, nowMs - hours * HOUR_MS, {})),
      delivery(idOf('waiting'), chat, nowMs - 40_000, {
        status: 'pending',
        nextAttemptAt: iso(nowMs + 20_000),
        attempts: [{ at: iso(nowMs - 40_000), latencyMs: 61, status: 500, answer: '' }],
      }),
    ],
  };
}

function base(owner: string, jobId: string, project: string, createdMs: number, startedMs: number) {
  const trace = sha256(`trace of ${jobId}`);
  return {
    owner,
    jobId,
    input: { project },
    createdAt: iso(createdMs),
    startedAt: iso(startedMs),
    updatedAt: iso(startedMs),
    expiresAt: Math.floor(createdMs / 1_000) + 36 * 3_600,
    trace: { traceparent: `00-${trace.slice(0, 32)}-${trace.slice(32, 48)}-00` },
    stepFunction: { memoryMb: 256, sandboxMb: 2_048 },
  };
}

function ended(atMs: number) {
  return { endedAt: iso(atMs), updatedAt: iso(atMs), expiresAt: Math.floor(atMs / 1_000) + 24 * 3_600 };
}

/** The last step of a job that has ended has no end of its own. */
function timelineOf(
  begun: readonly PicturedStep[],
  createdMs: number,
  elapsedMs: number,
): readonly TimelineEvent[] {
  return begun.flatMap(({ name, from, to }, index) => {
    const isEnded =
      to <= elapsedMs && !(elapsedMs === Number.POSITIVE_INFINITY && index === begun.length - 1);
    return [
      { step: name, began: createdMs + from },
      ...(isEnded ? [{ step: name, ended: createdMs + to }] : []),
    ];
  });
}

function logsOf(jobId: string, finished: readonly PicturedStep[]): Job['logs'] {
  return Object.fromEntries(
    finished.map(({ name, log }) => [
      name,
      { key: stepLogKey(jobId, name), size: Buffer.byteLength(log), sha256: sha256(log) },
    ]),
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
