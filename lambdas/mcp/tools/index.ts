/** Every tool that the server offers, made from the catalogue, in a fixed order. */
import type { Tool } from '../tool.ts';
import { answerJobTool } from './answer-job.ts';
import { syncFirstTool, syncTool } from './call-operation.ts';
import { cancelJobTool } from './cancel-job.ts';
import { checkJobTool } from './check-job.ts';
import type { ToolDependencies } from './dependencies.ts';
import { listDeliveriesTool } from './list-deliveries.ts';
import { listJobsTool } from './list-jobs.ts';
import { startTool } from './start-operation.ts';

/** How an operation is asked for, by its policy. */
const TOOLS = { sync: syncTool, sync_first: syncFirstTool, job: startTool } as const;

export function createTools(dependencies: ToolDependencies): readonly Tool[] {
  return [
    ...dependencies.operations.map((operation) => TOOLS[operation.execution.mode](operation, dependencies)),
    checkJobTool(dependencies),
    listJobsTool(dependencies),
    answerJobTool(dependencies),
    cancelJobTool(dependencies),
    listDeliveriesTool(dependencies),
  ];
}
