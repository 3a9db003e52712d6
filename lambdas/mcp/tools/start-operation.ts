/** Defines the `start_<operation>` tools: a call starts a job and returns it at once. */
import * as z from 'zod';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { Scope } from '../../shared/caller.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import { acceptStart, jobArguments, startedOutput, startJob, startTask } from './start-job.ts';

export function startTool(operation: OperationDefinition, dependencies: ToolDependencies): Tool {
  return defineTool({
    name: `start_${operation.name}`,
    title: operation.title,
    description: `${operation.description} Runs as a job: returns a job_id at once; follow it with check_job.`,
    scope: Scope.jobsWrite,
    annotations: { title: operation.title, ...operation.annotations },
    input: z.strictObject({ ...operation.input.shape, ...jobArguments() }),
    output: startedOutput,
    async call(args, caller, { onProgress }) {
      const { input, wait, submission } = await acceptStart(operation, args, caller, dependencies);
      return startJob(dependencies, caller, { operation, input, ...submission }, wait, onProgress);
    },
    start: (args, caller, ttlMs) => startTask(dependencies, operation, args, caller, ttlMs),
    requiresTasks: operation.requiresTasks,
  });
}
