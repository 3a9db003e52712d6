/** Defines the tools of operations in mode `job`, `start_<operation>`: a call starts a job and returns it at once. */
import { type OperationDefinition, toolNameOf } from '../../definition/operation-definition.ts';
import { Scope } from '../../shared/caller.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import { acceptStart, startInput, startJob, startTask } from './start-job.ts';

export function startTool(operation: OperationDefinition, dependencies: ToolDependencies): Tool {
  return defineTool({
    name: toolNameOf(operation),
    aliases: operation.aliases,
    title: operation.title,
    description: `${operation.description} Returns a job for check_job.`,
    scope: Scope.jobsWrite,
    annotations: operation.annotations,
    ...startInput(operation),
    async call(args, caller, { onProgress }) {
      const { input, wait, submission } = await acceptStart(operation, args, caller, dependencies);
      return startJob(dependencies, caller, { operation, input, ...submission }, wait, onProgress);
    },
    start: (args, caller, ttlMs) => startTask(dependencies, operation, args, caller, ttlMs),
    requiresTasks: operation.requiresTasks,
    showsCard: true,
  });
}
