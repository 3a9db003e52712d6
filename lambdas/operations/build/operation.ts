/** Defines the operation `build`: turns the source of a project into an archive that can run. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName, projects, sourceOf } from '../project/project.ts';
import { limits } from './limits.ts';

const input = z.strictObject({
  project: projectName,
});
export type BuildInput = z.output<typeof input>;

const output = z.strictObject({
  artifact: z.string().describe('Path of the archive in the workspace: `/builds/<project>.tar.gz`.'),
  size: z.int().nonnegative().describe('Size of the archive in bytes.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256 of the archive, in hexadecimal.'),
  entries: z.int().nonnegative().describe('Number of files and links in the archive.'),
  skipped: z
    .array(z.enum(['build', 'test']))
    .describe('Scripts that did not run because package.json lacks them.'),
});
export type BuildOutput = z.output<typeof output>;

/** An archive of the project's tree in the workspace. */
const snapshot = z.strictObject({ key: z.string(), sha256: z.string() });
export type Snapshot = z.output<typeof snapshot>;

/** @returns the workspace key of the tree after a step */
export function snapshotKey(jobId: string, step: string): string {
  return `work/${jobId}/${step}.tar.gz`;
}

export function artifactKey(project: string): string {
  return `builds/${project}.tar.gz`;
}

export const build = defineOperation({
  name: 'build',
  title: 'Build',
  description:
    'Builds a Node.js project: installs its locked dependencies, runs its build and test scripts, packs ' +
    'what it needs to run.',
  input,
  subject: 'project',
  output,
  handler: new URL('./steps.lambda.ts', import.meta.url),
  annotations: {
    readOnlyHint: false,
    // It replaces the archive of an earlier build of the same project.
    destructiveHint: true,
    idempotentHint: true,
    // The package registry, and everything that the project's scripts reach.
    openWorldHint: true,
  },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  // Retries apply to failures of the registry or the workspace, never to a failing script.
  steps: {
    install: {
      timeoutMs: limits.stepTimeoutMs.install,
      retries: 2,
      output: z.strictObject({ snapshot, manager: z.enum(['npm', 'pnpm', 'yarn']), locked: z.boolean() }),
    },
    compile: {
      timeoutMs: limits.stepTimeoutMs.compile,
      retries: 2,
      // The snapshot of install when no script ran.
      output: z.strictObject({ snapshot, ran: z.boolean() }),
    },
    test: { timeoutMs: limits.stepTimeoutMs.test, retries: 2, output: z.strictObject({ ran: z.boolean() }) },
    package: { timeoutMs: limits.stepTimeoutMs.package, retries: 2 },
  },
  // 1.16 vCPU. Measured, see docs/guides/cost.md: fewer GB-seconds than 3,008 MiB, and than two sizes, between which steps restore the tree.
  resources: { memoryMb: 2048, storageMb: 4096, packages: ['npm', 'pnpm', 'yarn'] },
  listing: projects,
  requires: ({ project }) => [sourceOf(project)],
  // Scripts of the project and its dependencies are untrusted. Even npm runs programs that a project's settings name.
  sandbox: (step, { input: { project }, jobId }) => {
    const [installed, compiled] = [snapshotKey(jobId, 'install'), snapshotKey(jobId, 'compile')];
    switch (step) {
      case 'install':
        return { reads: [sourceOf(project).key], writes: [installed] };
      case 'compile':
        return { reads: [installed], writes: [compiled] };
      case 'test':
        return { reads: [installed, compiled], writes: [] };
      case 'package':
        return { reads: [installed, compiled], writes: [artifactKey(project)] };
    }
  },
  // The files of the result have its size and hash.
  text: ({ artifact, entries, skipped }) =>
    `${artifact}, ${entries} entries.${skipped.length > 0 ? ` Skipped: ${skipped.join(', ')}.` : ''}`,
  files: ({ artifact, size, sha256 }) => [
    {
      key: artifact.slice(1),
      name: artifact.slice('/builds/'.length),
      contentType: 'application/gzip',
      size,
      sha256,
    },
  ],
});
