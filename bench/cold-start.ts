/** Measures the bundle size of each function, and its time from cold start to first response. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { build } from 'esbuild';
import type { LocalCloud } from '../local/cloud.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { awsClients } from '../test/support/test-cloud.ts';
import { median, type Row, row } from './measure.ts';
import { refuseReports } from './refuse-reports.ts';
import { toolCallEvent } from './tool-call-event.ts';

const run = promisify(execFile);
const ROUNDS = 9;
const BARE = 'bare handler';
/** Limits of bundles by function, in kilobytes of 1,000 bytes. */
const KB_LIMITS: Readonly<Record<string, number>> = { mcp: 830, authorizer: 100, 'build-sandbox': 350 };
/** Limit of the cold start of `mcp`, relative to the bare handler. */
const MCP_RATIO_LIMIT = 1.4;

interface Candidate {
  readonly name: string;
  /** The name or logical id of the function. */
  readonly functionName: string;
  readonly isolatesTenants: boolean;
  readonly bundle: string;
  readonly event: unknown;
  readonly streams: boolean;
  /** The environment variables that its construct sets. References to other resources are placeholders. */
  readonly variables: Readonly<Record<string, string>>;
}

/** @param assembly directory of the app's assembly @param cloud provides the table that the first calls read */
export async function coldStarts(
  assembly: string,
  cloud: LocalCloud,
  scratch: string,
): Promise<readonly Row[]> {
  const reports = await refuseReports();
  try {
    return await measure([await bundleBare(scratch), ...(await functionsOf(assembly, reports.url))], cloud);
  } finally {
    reports.close();
  }
}

async function measure(candidates: readonly Candidate[], cloud: LocalCloud): Promise<readonly Row[]> {
  const known = {
    ...cloud.environment,
    PATH: process.env.PATH,
    JOBS_TABLE_NAME: cloud.outputs.JobsTableName,
    WORKSPACE_BUCKET_NAME: cloud.outputs.WorkspaceBucketName,
    EVENTS_TOPIC_ARN: cloud.outputs.EventsTopicArn,
    SWEEPS_TABLE_NAME: await tableNamed(cloud, 'ReconcilerSweeps'),
  };
  const samples = new Map<Candidate, { importMs: number; firstCallMs: number }[]>();
  // Round by round, so that a slowdown of the machine affects all candidates.
  for (let round = 0; round < ROUNDS; round++) {
    for (const candidate of candidates) {
      const child = fileURLToPath(new URL('cold-start-child.ts', import.meta.url));
      const args = [
        child,
        candidate.bundle,
        JSON.stringify(candidate.event),
        candidate.streams ? 'streams' : '',
      ];
      // The measured calls need only the known values. The other variables must exist, as a number or JSON.
      const env = { ...candidate.variables, ...known };
      const { stdout } = await run(process.execPath, args, { env: env as NodeJS.ProcessEnv });
      // The last line; the function may log before it.
      const times = JSON.parse(stdout.split('\n').at(-1) ?? '');
      samples.set(candidate, [...(samples.get(candidate) ?? []), times]);
    }
  }
  const totalMs = (candidate: Candidate) =>
    (samples.get(candidate) ?? []).map(({ importMs, firstCallMs }) => importMs + firstCallMs);
  const totalsOf = (name: string) =>
    candidates.filter((candidate) => candidate.name === name).flatMap(totalMs);
  const bareMs = totalsOf(BARE);
  const ratios = totalsOf('mcp').map((ms, round) => ms / (bareMs[round] ?? Number.NaN));
  return [
    ...candidates.flatMap((candidate) => [
      row(
        `${candidate.name}: bundle`,
        statSync(candidate.bundle).size / 1000,
        'KB',
        KB_LIMITS[candidate.name],
      ),
      row(
        `${candidate.name}: import`,
        median((samples.get(candidate) ?? []).map(({ importMs }) => importMs)),
        'ms',
      ),
      row(
        `${candidate.name}: first call`,
        median((samples.get(candidate) ?? []).map(({ firstCallMs }) => firstCallMs)),
        'ms',
      ),
    ]),
    row('mcp: import and first call, relative to the bare handler', median(ratios), '×', MCP_RATIO_LIMIT),
  ];
}

async function tableNamed(cloud: LocalCloud, prefix: string): Promise<string | undefined> {
  const { dynamodb } = awsClients(cloud);
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand());
  dynamodb.destroy();
  return TableNames.find((name) => name.startsWith(prefix));
}

/** A 2026-07-28 call of check_job for a missing job: the whole protocol and one read. */
const checkJobEvent = toolCallEvent('check_job', { job_id: '00000000-0000-4000-8000-000000000000' });

/** A request with an invalid token, which is refused without a request to the identity provider. */
const authorizeEvent = {
  type: 'REQUEST',
  methodArn: 'arn:aws:execute-api:us-east-1:000000000000:api/v1/POST/mcp',
  headers: { authorization: 'Bearer x' },
  multiValueHeaders: { authorization: ['Bearer x'] },
  requestContext: {},
};

/** A caller who is no operator: refused without a read. */
const listOpenJobsEvent = {
  httpMethod: 'GET',
  path: '/operator/jobs',
  resource: '/operator/{proxy+}',
  pathParameters: { proxy: 'jobs' },
  requestContext: { identity: { userArn: 'arn:aws:iam::000000000000:user/bench' }, path: '/operator/jobs' },
};

/** A GET of a missing job. */
const getJobEvent = {
  httpMethod: 'GET',
  resource: '/jobs/{job_id}',
  path: '/jobs/00000000-0000-4000-8000-000000000000',
  pathParameters: { job_id: '00000000-0000-4000-8000-000000000000' },
  requestContext: { identity: { userArn: 'arn:aws:iam::000000000000:user/bench' } },
};

const stepEvent = {
  step: 'install',
  jobId: '00000000-0000-4000-8000-000000000000',
  owner: 'x',
  input: {},
  finished: {},
  attempt: 0,
};
const caughtEvent = { ...stepEvent, caught: { Error: 'States.Timeout' } };

/** A call for a missing project. */
const callEvent = {
  call: { jobId: stepEvent.jobId, owner: 'x', input: { project: 'x', path: 'x', pattern: 'x' } },
};

/** A step that stops after its first report. @param url receives it */
const sandboxEvent = (url: string) => ({
  step: '',
  jobId: stepEvent.jobId,
  limitMs: 1_000,
  reports: { url, token: '' },
});

/** A report without a token, which is refused without a read. */
const invalidReport = { httpMethod: 'POST', headers: {}, body: '', isBase64Encoded: false };

/** A webhook without the token of a run, which is refused without a read. */
const canaryWebhookEvent = {
  httpMethod: 'POST',
  headers: {},
  body: '{}',
  pathParameters: { token: '' },
  requestContext: { requestTimeEpoch: 0 },
};

/** Functions that stream their responses. */
const STREAMING = new Set(['mcp']);

/** Returns functions by the beginning of their description. */
const functionsWith = (
  reportsUrl: string,
): readonly (readonly [description: string, name: string, event: unknown])[] => [
  ['Serves MCP', 'mcp', checkJobEvent],
  ['Serves the management API', 'api', getJobEvent],
  ['Serves operators', 'operator', listOpenJobsEvent],
  ['Verifies', 'authorizer', authorizeEvent],
  ['Runs the steps of Build', 'build', stepEvent],
  ['Runs the steps of Call API', 'call-api', stepEvent],
  ['Runs the steps of Deploy', 'deploy', stepEvent],
  ['Runs the steps of Import project', 'download', stepEvent],
  ['Runs the steps of Migrate', 'migrate', stepEvent],
  ['Runs the steps of Read project file', 'read-file', callEvent],
  ['Runs the steps of Search project', 'search', callEvent],
  ['Runs the steps of Upload', 'upload', stepEvent],
  ['Sandbox', 'build-sandbox', sandboxEvent(reportsUrl)],
  ['Takes the reports', 'sandbox-reports', invalidReport],
  ['Publishes', 'publish-events', { Records: [] }],
  ['Delivers', 'deliver', { Records: [] }],
  ['Queues', 'queue-waiting', {}],
  ['Marks', 'record-failure', caughtEvent],
  ['Resumes executions', 'resume', { Records: [] }],
  ['Resumes jobs', 'receive-upload', { detail: { object: { key: 'uploads/none' } } }],
  ['Repairs', 'reconcile', {}],
  ['Runs the canary', 'canary', canaryWebhookEvent],
  ['Starts and stops', 'settle-queued', { Records: [] }],
];

/** @param reportsUrl receives the first report of each sandbox, see `refuseReports` */
export async function functionsOf(directory: string, reportsUrl: string): Promise<readonly Candidate[]> {
  const { template, assetDirectory } = await readAssembly(directory);
  const functions = functionsWith(reportsUrl);
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([logicalId, { Properties }]) => {
      const { Description, Code, Environment, FunctionName, TenancyConfig } =
        Properties as unknown as FunctionProperties;
      const found = functions.find(([description]) => Description.startsWith(description));
      if (!found)
        throw new Error(
          `The benchmark has no event for the function "${Description}": add it to functionsWith.`,
        );
      const [, name, event] = found;
      return {
        name,
        functionName: FunctionName ?? logicalId,
        isolatesTenants: TenancyConfig !== undefined,
        event,
        bundle: join(assetDirectory(Code.S3Key), 'index.mjs'),
        streams: STREAMING.has(name),
        variables: Object.fromEntries(
          Object.entries(Environment?.Variables ?? {}).map(([name, value]) => [
            name,
            typeof value === 'string' ? value : '1',
          ]),
        ),
      };
    });
}

interface FunctionProperties {
  readonly Description: string;
  readonly Code: { readonly S3Key: string };
  readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
  readonly FunctionName?: string;
  readonly TenancyConfig?: unknown;
}

async function bundleBare(scratch: string): Promise<Candidate> {
  const bundle = join(scratch, 'bare.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('bare-handler.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
  });
  return {
    name: BARE,
    functionName: '',
    isolatesTenants: false,
    bundle,
    event: checkJobEvent,
    streams: false,
    variables: {},
  };
}
