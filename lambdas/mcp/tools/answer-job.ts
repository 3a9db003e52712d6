/** `answer_job`: answers what a job has asked, so that it goes on. */
import * as z from 'zod';
import { answerJobQuestions } from '../../jobs/input/answer.ts';
import { answersInput } from '../../jobs/input/answer-schema.ts';
import { Scope } from '../../shared/caller.ts';
import { answerJob, jobIdArgument, jobOutput } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

export function answerJobTool({ operations, jobs, workspace, polls }: ToolDependencies): Tool {
  return defineTool({
    name: 'answer_job',
    title: 'Answer job',
    description:
      'Answers what a job with status input_required has asked (input_requests of check_job). Ask the user first: the answers are theirs. ' +
      'The first answer to a question counts; with the last one the job goes on.',
    scope: Scope.jobsWrite,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    input: z.strictObject({ job_id: jobIdArgument, answers: answersInput }),
    output: jobOutput,
    async call({ job_id: jobId, answers }, caller) {
      const job = await answerJobQuestions({ jobs }, caller.owner, jobId, answers);
      const operation = operations.find(({ name }) => name === job.operation);
      return answerJob(job, { operation, workspace, polls, caller });
    },
  });
}
