/** The operation `deploy`: what a build has made becomes what an environment runs, or nothing changes. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { artifactKey } from '../build/operation.ts';
import { projectName } from '../project/project.ts';

const MINUTE_MS = 60_000;
const ENVIRONMENT_REMEDY =
  'environment must be 1 to 32 characters: small letters, digits and "-", starting with a letter, such as "staging".';

/** Nothing is released there unless somebody agrees. */
export const PRODUCTION = 'production';

const input = z.strictObject({
  project: projectName('What is deployed.'),
  build_job_id: z.string().describe('The job_id of the build, completed, whose artifact is deployed.'),
  environment: z
    .string({ error: ENVIRONMENT_REMEDY })
    .regex(/^[a-z][a-z0-9-]{0,31}$/, ENVIRONMENT_REMEDY)
    .describe(
      `Where it goes, such as "staging". In "${PRODUCTION}" somebody has to agree: see input_requests.`,
    ),
});
export type DeployInput = z.output<typeof input>;

const output = z.strictObject({
  environment: z.string(),
  version: z.string().describe('The name of the release: the job_id of this deploy.'),
  previous_version: z.string().nullable().describe('What was there before; null when nothing was.'),
  artifact: z
    .string()
    .describe('Where the release is in the workspace: `/releases/<environment>/<project>/<version>.tar.gz`.'),
  size: z.int().nonnegative().describe('Bytes.'),
  sha256: z.string().describe('In hexadecimal; as the build has made it.'),
});
export type DeployOutput = z.output<typeof output>;

const verified = z.strictObject({
  size: z.int().nonnegative(),
  sha256: z.string(),
  /** The version that was current then. */
  replaces: z.string().nullable(),
});

export const deploy = defineOperation({
  name: 'deploy',
  title: 'Deploy',
  description:
    'Releases the artifact of a build to an environment: checks it, asks for consent in production, makes it the current ' +
    'version, tests it, and on a failed test goes back to the version before.',
  input,
  output,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 60_000 },
  steps: {
    verify: { timeoutMs: 5 * MINUTE_MS, retries: 2, output: verified },
    // What was verified is kept for a day.
    approve: { timeoutMs: MINUTE_MS, inputTimeoutMs: 12 * 60 * MINUTE_MS },
    release: {
      timeoutMs: 5 * MINUTE_MS,
      retries: 2,
      output: z.strictObject({ previous: z.string().nullable() }),
    },
    smoke: { timeoutMs: 5 * MINUTE_MS, retries: 2 },
  },
  // Files and folders of an artifact are listed in memory; itself, 250 MiB at most, is on the disk.
  resources: { memoryMb: 1_024, storageMb: 512 },
  requires: ({ project }) => [
    {
      key: artifactKey(project),
      code: 'BUILD_JOB_INVALID',
      message: `Nothing has been built of "${project}". Build it first, with start_build.`,
    },
  ],
  files: ({ artifact, size, sha256 }) => [
    {
      key: artifact.slice(1),
      name: artifact.slice(artifact.lastIndexOf('/') + 1),
      contentType: 'application/gzip',
      size,
      sha256,
    },
  ],
});
