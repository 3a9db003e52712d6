/** Defines the operation `deploy`: releases the artifact of a build to an environment, or changes nothing. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { artifactKey } from '../build/operation.ts';
import { projectName } from '../project/project.ts';

const MINUTE_MS = 60_000;
const ENVIRONMENT_REMEDY =
  'environment must be 1 to 32 characters: lowercase letters, digits and "-", starting with a letter, such as "staging".';

/** The environment whose releases need approval. */
export const PRODUCTION = 'production';

const input = z.strictObject({
  project: projectName,
  build_job_id: z.string().describe('job_id of the completed build.'),
  environment: z
    .string({ error: ENVIRONMENT_REMEDY })
    .regex(/^[a-z][a-z0-9-]{0,31}$/, ENVIRONMENT_REMEDY)
    .describe(`Such as "staging". "${PRODUCTION}" asks for approval.`),
});
export type DeployInput = z.output<typeof input>;

const output = z.strictObject({
  environment: z.string(),
  version: z.string().describe('Version of the release: the job_id of this deploy.'),
  previous_version: z.string().nullable().describe('The version before; null for a first release.'),
  artifact: z
    .string()
    .describe('Path of the release in the workspace: `/releases/<environment>/<project>/<version>.tar.gz`.'),
  size: z.int().nonnegative().describe('Bytes.'),
  sha256: z.string().describe('SHA-256 of the artifact, in hexadecimal.'),
});
export type DeployOutput = z.output<typeof output>;

const verified = z.strictObject({
  size: z.int().nonnegative(),
  sha256: z.string(),
  /** The current version at that time. */
  replaces: z.string().nullable(),
});

export const deploy = defineOperation({
  name: 'deploy',
  title: 'Deploy',
  description:
    'Releases the artifact of a build to an environment, tests it, and rolls back if the test fails.',
  input,
  subject: 'project',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 60_000 },
  steps: {
    verify: { timeoutMs: 5 * MINUTE_MS, retries: 2, output: verified },
    // The verified copy expires after a day.
    approve: { timeoutMs: MINUTE_MS, inputTimeoutMs: 12 * 60 * MINUTE_MS },
    release: {
      timeoutMs: 5 * MINUTE_MS,
      retries: 2,
      output: z.strictObject({ previous: z.string().nullable() }),
    },
    smoke: { timeoutMs: 5 * MINUTE_MS, retries: 2 },
  },
  // A deploy holds its environment under the id of its job.
  retry: 'whole',
  // The list of files is in memory; the artifact, at most 250 MiB, is on the disk.
  resources: { memoryMb: 1_024, storageMb: 512 },
  requires: ({ project }) => [
    {
      key: artifactKey(project),
      code: 'BUILD_JOB_INVALID',
      message: `The project "${project}" has no build. Call start_build first.`,
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
