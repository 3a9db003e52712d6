/** Defines `answer_job`: answers a job's questions, so that the job resumes. */
import * as z from 'zod';
import { answerJobQuestions } from '../../jobs/input/answer.ts';
import { answersSchema } from '../../jobs/input/answer-schema.ts';
import { Scope } from '../../shared/caller.ts';
import { jobIdArgument, jobOutput, jobResult } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

export function answerJobTool({ operations, jobs, workspace, polls }: ToolDependencies): Tool {
  return defineTool({
    name: 'answer_job',
    title: 'Answer job',
    description:
      'Answers the questions of a job with status input_required (input_requests of check_job). Ask the user first; do not invent answers. ' +
      'The first answer to a question counts. The job resumes after the last one: follow it with check_job.',
    scope: Scope.jobsWrite,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    input: z.strictObject({ job_id: jobIdArgument, answers: answersSchema }),
    output: jobOutput,
    async call({ job_id: jobId, answers }, caller) {
      const job = await answerJobQuestions({ jobs }, caller.owner, jobId, answers);
      const operation = operations.find(({ name }) => name === job.operation);
      return jobResult(job, { operation, workspace, polls, caller });
    },
  });
}
