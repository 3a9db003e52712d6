/** Defines `answer_job`: answers a job's questions, so that the job resumes. */
import * as z from 'zod';
import { answerJobWith } from '../../jobs/input/answer.ts';
import { readAnswers } from '../../jobs/input/read-answers.ts';
import { Scope } from '../../shared/caller.ts';
import { jobIdArgument, jobResult } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

/** Its form depends on the job's questions, so the job decides what it accepts. */
const answersArgument = z
  .unknown()
  .refine((answers) => answers !== undefined, 'give the answers.')
  .meta({ type: 'object' })
  .describe(
    'Content for the open question, as its schema says. For several questions, or to refuse: ' +
      '{"<key>": {"action": "accept" | "decline" | "cancel", "content": {…}}}.',
  );

export function answerJobTool({ operations, jobs, workspace, polls }: ToolDependencies): Tool {
  return defineTool({
    name: 'answer_job',
    title: 'Answer job',
    description:
      'Answers the questions of a job (input_requests of check_job). Ask the user first; do not invent answers.',
    scope: Scope.jobsWrite,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    input: z.strictObject({ job_id: jobIdArgument, answers: answersArgument }),
    async call({ job_id: jobId, answers }, caller) {
      const job = await answerJobWith({ jobs }, caller.owner, jobId, (found) => readAnswers(answers, found));
      const operation = operations.find(({ name }) => name === job.operation);
      return jobResult(job, { operation, workspace, polls, caller });
    },
  });
}
