/** The operation `build`: from a project's source to an archive that runs. */

import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';
import { projectName, sourceOf } from '../project/project.ts';
import { limits } from './limits.ts';

const input = z.strictObject({
  project: projectName('Name of the project to build.'),
});
export type BuildInput = z.output<typeof input>;

const output = z.strictObject({
  artifact: z
    .string()
    .describe('Where the finished archive is in the workspace: `/builds/<project>.tar.gz`.'),
  size: z.int().nonnegative().describe('Size of the archive in bytes.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256 of the archive, in hexadecimal.'),
  entries: z.int().nonnegative().describe('Number of files and links in the archive.'),
  skipped: z
    .array(z.enum(['build', 'test']))
    .describe('Scripts that did not run because package.json does not have them.'),
});
export type BuildOutput = z.output<typeof output>;

/** One state of the project's tree, as a file of the workspace. */
const snapshot = z.strictObject({ key: z.string(), sha256: z.string() });
export type Snapshot = z.output<typeof snapshot>;

/** Where the tree is kept that a step leaves behind. */
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
    'Builds a Node.js project of the workspace: installs the dependencies its lock file names, runs its build and test ' +
    'scripts, and packs what is needed to run it into an archive. Takes from seconds to many minutes.',
  input,
  output,
  annotations: {
    readOnlyHint: false,
    // The archive of an earlier build of the same project is replaced.
    destructiveHint: true,
    idempotentHint: true,
    // The package registry, and whatever the project's own scripts reach.
    openWorldHint: true,
  },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  // Only failures marked retryable are tried again: the registry or the workspace not answering, never a failing script.
  steps: {
    install: {
      timeoutMs: limits.stepTimeoutMs.install,
      retries: 2,
      output: z.strictObject({ snapshot }),
    },
    compile: {
      timeoutMs: limits.stepTimeoutMs.compile,
      retries: 2,
      // The snapshot is that of install when nothing ran.
      output: z.strictObject({ snapshot, ran: z.boolean() }),
    },
    test: { timeoutMs: limits.stepTimeoutMs.test, retries: 2, output: z.strictObject({ ran: z.boolean() }) },
    package: { timeoutMs: limits.stepTimeoutMs.package, retries: 2 },
  },
  resources: { memoryMb: 3008, storageMb: 4096, packages: ['npm'] },
  requires: ({ project }) => [sourceOf(project)],
  // Scripts of the project and of what it depends on: npm alone can be told by a project's settings to run a program.
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
