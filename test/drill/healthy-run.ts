/** Runs 200 jobs as a busy deployment sees them: with questions, cancels, webhooks, failing builds and expired tokens. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uploadProject } from '../../local/cli/upload-project.ts';
import type { DrillCloud } from './drill-cloud.ts';
import { eachOf } from './scenarios/api.ts';

export interface HealthyRun {
  /** Jobs by their status at the end. */
  readonly ended: Readonly<Record<string, number>>;
  readonly minutes: number;
  /** Names of alarms that went off: none, when all is well. */
  readonly wentOff: readonly string[];
  /** Of the machine. */
  readonly seconds: number;
}

const WARM_UP_JOBS = 8;
const FORGOTTEN_MS = 7 * 24 * 60 * 60_000;
const JOBS = 200;
const JOBS_PER_MINUTE = 10;
/** The alarms look back on the run for this long. */
const AFTER_MINUTES = 20;

export async function runHealthy(drill: DrillCloud): Promise<HealthyRun> {
  const startedAt = Date.now();
  await addProjects(drill);
  // Cold starts of all functions at once on one machine take seconds, which the objectives would notice.
  await eachOf(WARM_UP_JOBS, () => echoWithWebhook(drill));
  drill.cloudWatch.skip(FORGOTTEN_MS);
  const ended: Record<string, number> = {};
  const wentOff = new Set<string>();
  let minutes = 0;
  const minute = async () => {
    minutes += 1;
    // Windows of composite alarms too: none has anything to see.
    for (const { name, to } of await drill.minute()) if (to === 'ALARM') wentOff.add(name);
  };
  for (let first = 0; first < JOBS; first += JOBS_PER_MINUTE) {
    await eachOf(Math.min(JOBS_PER_MINUTE, JOBS - first), async (at) => {
      const { status } = await runJob(drill, first + at);
      ended[status] = (ended[status] ?? 0) + 1;
    });
    await visit(drill);
    await minute();
  }
  for (let after = 0; after < AFTER_MINUTES; after++) await minute();
  return { ended, minutes, wentOff: [...wentOff], seconds: (Date.now() - startedAt) / 1000 };
}

type Job = Readonly<{ status: string }>;

/** What callers do besides jobs: they read, list and register, and one of them has an expired token. */
async function visit(drill: DrillCloud): Promise<void> {
  const expired = await drill.issuer.token({ claims: { exp: Math.floor(Date.now() / 1000) - 3_600 } });
  await Promise.all([
    drill.tool('list_jobs'),
    drill.tool('read_project_file', { project: 'works', path: 'package.json' }),
    drill.tool('search_project', { project: 'works', pattern: 'test' }),
    drill.api('GET', '/jobs'),
    drill.api('GET', '/endpoints'),
    drill.api('GET', '/jobs', expired),
    drill.api('GET', '/jobs/unknown'),
  ]);
}

function runJob(drill: DrillCloud, index: number): Promise<Job> {
  const kinds = [echo, steps, echoWithWebhook, questions, cancelled, flaky, echoWithWebhook, failing];
  // A build takes seconds of the machine: four of two hundred.
  if (index % 50 === 10) return builds(drill, index % 100 === 10 ? 'works' : 'broken');
  return (kinds[index % kinds.length] ?? echo)(drill);
}

async function echo(drill: DrillCloud): Promise<Job> {
  return drill.until(await drill.start('echo', { text: 'healthy' }));
}

async function steps(drill: DrillCloud): Promise<Job> {
  return drill.until(await drill.start('four_steps'));
}

async function echoWithWebhook(drill: DrillCloud): Promise<Job> {
  const jobId = await drill.start('echo', { text: 'healthy' }, drill.receiver.url);
  await drill.receiver.find(({ json }) => json.type === 'job.completed' && json.data.job_id === jobId);
  return drill.until(jobId);
}

async function questions(drill: DrillCloud): Promise<Job> {
  const job_id = await drill.start('ask');
  const { input_requests } = await drill.until(job_id, 'input_required');
  const answers = Object.fromEntries(Object.keys(input_requests).map((key) => [key, { action: 'decline' }]));
  await drill.tool('answer_job', { job_id, answers });
  return drill.until(job_id);
}

async function cancelled(drill: DrillCloud): Promise<Job> {
  const job_id = await drill.start('probe', { behaviour: 'wait' });
  await drill.until(job_id, 'running');
  await drill.tool('cancel_job', { job_id });
  return drill.until(job_id);
}

async function flaky(drill: DrillCloud): Promise<Job> {
  return drill.until(await drill.start('probe', { behaviour: 'crash_once' }));
}

async function failing(drill: DrillCloud): Promise<Job> {
  return drill.until(await drill.start('probe', { behaviour: 'fail' }));
}

async function builds(drill: DrillCloud, project: string): Promise<Job> {
  return drill.until(await drill.start('build', { project }));
}

/** Uploads a project that can be built, and one whose tests fail. */
async function addProjects({ aws, cloud }: DrillCloud): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'drill-project-'));
  try {
    for (const [name, test] of [
      ['works', 'node -e 0'],
      ['broken', 'node -e "process.exit(1)"'],
    ] as const) {
      const project = join(directory, name);
      await mkdir(project);
      await writeFile(
        join(project, 'package.json'),
        JSON.stringify({ name, version: '1.0.0', scripts: { test } }),
      );
      await uploadProject(aws.s3, cloud.outputs.WorkspaceBucketName ?? '', project, name);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}
