/** How large each function is, and how long it takes from nothing to its first answer. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { LocalCloud } from '../local/cloud.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { median, type Row, row } from './measure.ts';

const run = promisify(execFile);
const ROUNDS = 9;
/** The promises of the `mcp` function: kilobytes of 1,000 bytes, and its cold start beside the bare handler's. */
const MCP_KB_LIMIT = 900;
const MCP_RATIO_LIMIT = 1.3;

interface Candidate {
  readonly name: string;
  readonly bundle: string;
  readonly event: unknown;
  readonly streams: boolean;
  /** The environment variables that its construct sets; what refers to other resources is any text. */
  readonly variables: Readonly<Record<string, string>>;
}

/** @param assembly the app's assembly; @param cloud provides the table that the first calls read. */
export async function coldStarts(
  assembly: string,
  cloud: LocalCloud,
  scratch: string,
): Promise<readonly Row[]> {
  const bare = await bundleBare(scratch);
  const candidates = [bare, ...(await functionsOf(assembly))];
  const known = {
    ...cloud.environment,
    PATH: process.env.PATH,
    JOBS_TABLE_NAME: cloud.outputs.JobsTableName,
    WORKSPACE_BUCKET_NAME: cloud.outputs.WorkspaceBucketName,
    EVENTS_TOPIC_ARN: cloud.outputs.EventsTopicArn,
  };
  const samples = new Map<Candidate, { importMs: number; firstCallMs: number }[]>();
  // Round by round, so that a machine that slows down slows all of them down.
  for (let round = 0; round < ROUNDS; round++) {
    for (const candidate of candidates) {
      const child = fileURLToPath(new URL('cold-start-child.ts', import.meta.url));
      const args = [
        child,
        candidate.bundle,
        JSON.stringify(candidate.event),
        candidate.streams ? 'streams' : '',
      ];
      // The calls measured here need no more than what is known; the rest has to be there, as a number or JSON.
      const env = { ...candidate.variables, ...known };
      const { stdout } = await run(process.execPath, args, { env: env as NodeJS.ProcessEnv });
      // After what the function has logged.
      const times = JSON.parse(stdout.split('\n').at(-1) ?? '');
      samples.set(candidate, [...(samples.get(candidate) ?? []), times]);
    }
  }
  const totalMs = (candidate: Candidate) =>
    (samples.get(candidate) ?? []).map(({ importMs, firstCallMs }) => importMs + firstCallMs);
  const mcp = candidates.find(({ name }) => name === 'mcp') ?? bare;
  const ratios = totalMs(mcp).map((ms, round) => ms / (totalMs(bare)[round] ?? Number.NaN));
  return [
    ...candidates.flatMap((candidate) => [
      row(
        `${candidate.name}: bundle`,
        statSync(candidate.bundle).size / 1000,
        'KB',
        candidate === mcp ? MCP_KB_LIMIT : undefined,
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
    row('mcp: import and first call, beside the bare handler', median(ratios), '×', MCP_RATIO_LIMIT),
  ];
}

/** A 2026-07-28 call of check_job for a job that is not there: the whole protocol and one read. */
const checkJobEvent = {
  httpMethod: 'POST',
  path: '/mcp',
  requestContext: { identity: { userArn: 'arn:aws:iam::000000000000:user/bench' } },
  multiValueHeaders: {
    accept: ['application/json, text/event-stream'],
    'content-type': ['application/json'],
    'mcp-protocol-version': ['2026-07-28'],
    'mcp-method': ['tools/call'],
    'mcp-name': ['check_job'],
  },
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: 'check_job',
      arguments: { job_id: '00000000-0000-4000-8000-000000000000' },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  }),
};

/** A request with a token that is none: refused without a word to the identity provider. */
const authorizeEvent = {
  type: 'REQUEST',
  methodArn: 'arn:aws:execute-api:us-east-1:000000000000:api/v1/POST/mcp',
  headers: { authorization: 'Bearer x' },
  multiValueHeaders: { authorization: ['Bearer x'] },
  requestContext: {},
};

/** A GET of a job that is not there. */
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

/** Of a project that no bucket has. */
const callEvent = {
  call: { jobId: stepEvent.jobId, owner: 'x', input: { project: 'x', path: 'x', pattern: 'x' } },
};

/** A step that it does not have. */
const sandboxEvent = { step: '', jobId: stepEvent.jobId, limitMs: 1_000, attemptId: '', fenceUrl: '' };

/** Those that write their answers as they go. */
const STREAMING = new Set(['mcp', 'build-sandbox']);

/** By how a function's description begins. */
const FUNCTIONS: readonly (readonly [description: string, name: string, event: unknown])[] = [
  ['Serves MCP', 'mcp', checkJobEvent],
  ['Serves the management API', 'api', getJobEvent],
  ['Verifies', 'authorizer', authorizeEvent],
  ['Runs the steps of Build', 'build', stepEvent],
  ['Runs the steps of Call API', 'call-api', stepEvent],
  ['Runs the steps of Deploy', 'deploy', stepEvent],
  ['Runs the steps of Download', 'download', stepEvent],
  ['Runs the steps of Migrate', 'migrate', stepEvent],
  ['Runs the steps of Read file', 'read-file', callEvent],
  ['Runs the steps of Search', 'search', callEvent],
  ['Runs the steps of Upload', 'upload', stepEvent],
  ['Sandbox', 'build-sandbox', sandboxEvent],
  ['Tells', 'publish-events', { Records: [] }],
  ['Calls', 'deliver', { Records: [] }],
  ['Queues', 'queue-waiting', {}],
  ['Marks', 'record-failure', caughtEvent],
  ['Has executions', 'resume', { Records: [] }],
  ['Has jobs', 'receive-upload', { detail: { object: { key: 'uploads/none' } } }],
  ['Looks after', 'reconcile', {}],
];

async function functionsOf(directory: string): Promise<readonly Candidate[]> {
  const { template, assetDirectory } = await readAssembly(directory);
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => {
      const { Description, Code, Environment } = Properties as unknown as FunctionProperties;
      const found = FUNCTIONS.find(([description]) => Description.startsWith(description));
      if (!found) throw new Error(`The benchmark does not know the function "${Description}".`);
      const [, name, event] = found;
      return {
        name,
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
  return { name: 'bare handler', bundle, event: checkJobEvent, streams: false, variables: {} };
}
