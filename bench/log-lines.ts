/** Measures what output costs a build: the time that printing adds to a job, relative to the same script into a file. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { uploadProject } from '../local/cli/upload-project.ts';
import { type LocalCloud, startLocalCloud } from '../local/cloud.ts';
import { synthesizeSource } from '../test/support/synthesize-source.ts';
import { awsClients } from '../test/support/test-cloud.ts';
import { BenchClient } from './client.ts';
import { median, type Row, row } from './measure.ts';

const run = promisify(execFile);
const ROUNDS = 3;
/** By program. The goal is 3: reports of up to 4 MiB, compressed and cleaned one after the other, take longer for the last two. */
const MAX_RATIOS: Readonly<Record<string, number>> = { 'one line of 10 MB': 15, '60 MB of lines': 5 };
const MAX_RATIO = 3;

/** Programs that print, as builds do. The log of a step ends after 50 MiB. */
const SCRIPTS: Readonly<Record<string, string>> = {
  '200,000 lines of 47 characters': `
for (let line = 0; line < 200_000; line++) console.log('line ' + String(line).padStart(7, '0') + ' ' + 'x'.repeat(34));`,
  'one line of 10 MB': "console.log('x'.repeat(10_000_000));",
  '60 MB of lines': `
for (let line = 0; line < 600_000; line++) console.log('line ' + String(line).padStart(7, '0') + ' ' + 'x'.repeat(86));`,
};
const SILENT = 'prints nothing';

export async function logLines(scratch: string): Promise<readonly Row[]> {
  const cloud = await startLocalCloud({
    assemblyDirectory: await synthesizeSource(join(scratch, 'lines')),
  });
  const client = await BenchClient.connect(new URL('/mcp', cloud.url));
  try {
    const programs = Object.entries({ [SILENT]: '', ...SCRIPTS });
    const files = new Map<string, string>();
    for (const [index, [name, program]] of programs.entries()) {
      files.set(name, await addProject(cloud, scratch, `lines-${index}`, program));
    }
    await build(client, 'lines-0');
    const samples = new Map<string, { buildMs: number; fileMs: number }[]>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, [name]] of programs.entries()) {
        const buildMs = await build(client, `lines-${index}`);
        const fileMs = await intoFile(files.get(name) ?? '', join(scratch, 'output'));
        samples.set(name, [...(samples.get(name) ?? []), { buildMs, fileMs }]);
      }
    }
    const silent = samples.get(SILENT) ?? [];
    return Object.keys(SCRIPTS).flatMap((name) => {
      const own = samples.get(name) ?? [];
      const added = own.map(({ buildMs }, round) => buildMs - (silent[round]?.buildMs ?? Number.NaN));
      return [
        row(`a build that prints ${name}: additional time`, median(added), 'ms'),
        row(`the script that prints ${name}, into a file`, median(own.map(({ fileMs }) => fileMs)), 'ms'),
        row(
          `${name}: additional time of the build, relative to the file`,
          median(own.map(({ fileMs }, round) => (added[round] ?? Number.NaN) / fileMs)),
          '×',
          MAX_RATIOS[name] ?? MAX_RATIO,
        ),
      ];
    });
  } finally {
    await client.close();
    await cloud.close();
  }
}

/** @returns milliseconds from the start of a build to its end */
async function build(client: BenchClient, project: string): Promise<number> {
  let job = await client.call('start_build', { project, wait_seconds: 30 });
  const check = { job_id: job.job_id, wait_seconds: 30, include: ['details'] };
  do job = await client.call('check_job', check);
  while (!job.ended_at);
  if (job.status !== 'completed') throw new Error(`The build of ${project} ended as ${job.status}.`);
  return Date.parse(job.ended_at) - Date.parse(job.created_at);
}

/** @returns milliseconds that a program takes with its output in a file */
async function intoFile(program: string, output: string): Promise<number> {
  const start = performance.now();
  await run('/bin/sh', ['-c', 'exec "$0" "$1" > "$2"', process.execPath, program, output]);
  return performance.now() - start;
}

/** @returns the path of its build script */
async function addProject(
  cloud: LocalCloud,
  scratch: string,
  name: string,
  program: string,
): Promise<string> {
  const directory = await mkdtemp(join(scratch, 'project-'));
  const file = join(scratch, `${name}.cjs`);
  await mkdir(join(directory, 'scripts'));
  const scripts = { build: 'node scripts/build.cjs' };
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name, version: '1.0.0', scripts }));
  await writeFile(join(directory, 'scripts', 'build.cjs'), program);
  await writeFile(file, program);
  const { s3 } = awsClients(cloud);
  await uploadProject(s3, cloud.outputs.WorkspaceBucketName ?? '', directory, name);
  s3.destroy();
  await rm(directory, { recursive: true });
  return file;
}
