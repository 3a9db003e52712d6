/** Runs step 2: asks for approval of a release to production. */

import { formatBytes } from 'mcp-async-operations/operation';
import { type StepOf, StepRefused } from 'mcp-async-operations/steps';
import * as z from 'zod';
import { type deploy, PRODUCTION } from './operation.ts';

const consent = z.object({
  approve: z.boolean().describe('Approve the release.'),
  reason: z.string().max(500).optional().describe('Reason for the decision.'),
});

export const approve: StepOf<typeof deploy, 'approve'> = async ({ input, results, requestInput }) => {
  const { project, environment, build_job_id } = input;
  if (environment !== PRODUCTION) return null;
  const { size, sha256, replaces } = results.verify;
  const { approve: answer } = requestInput({
    approve: {
      message:
        `Release ${project} to ${environment}? Artifact of build ${build_job_id}: ${formatBytes(size)}, ` +
        `SHA-256 ${sha256.slice(0, 12)}…. ${replaces ? `It replaces version ${replaces}` : 'It is the first release'}.`,
      schema: consent,
    },
  });
  if (answer.action !== 'accept') throw new StepRefused(`The release to ${environment} was declined.`);
  const { approve: isApproved, reason } = answer.content;
  if (!isApproved)
    throw new StepRefused(`The release to ${environment} was refused: ${reason ?? 'no reason given'}.`);
  return { reason: reason ?? null };
};
